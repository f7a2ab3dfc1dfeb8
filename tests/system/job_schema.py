"""`wisp config --schema` in the hands of an independent validator.

Job files are read by ruamel.yaml, which speaks YAML 1.2 as editors do: to PyYAML, which speaks 1.1, 1e-6 is text. And
`wisp config --format json` prints nothing for a bad file.
"""
import json

try:
    import jsonschema
    from ruamel.yaml import YAML
    MISSING = ""
except ImportError as error:
    MISSING = f"{error}: tools/install_packages.sh test"


class Schema:
    def __init__(self, text):
        schema = json.loads(text)
        jsonschema.Draft7Validator.check_schema(schema)
        self._validator = jsonschema.Draft7Validator(schema)

    def errors(self, text):
        """[(path, message)] of the schema for a job file: "stop.time", "30 is not of type 'string', 'null'"."""
        found = self._validator.iter_errors(YAML(typ="safe", pure=True).load(text))
        return [(".".join(map(str, each.absolute_path)), each.message) for each in found]
