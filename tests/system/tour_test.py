"""Replays the README's tour: every command of it, in its order, in one shell session's folder and environment."""
import json
import os
import re
import subprocess

import wisp_test

PROMPT = "$ "


def tour_commands():
    """[(command, exit status that the README announces)]"""
    text = (wisp_test.SOURCE / "README.md").read_text()
    section = re.search(r"^## A five-minute tour$(.*?)^## ", text, re.M | re.S).group(1)
    commands = []
    for block in re.findall(r"^```console$(.*?)^```$", section, re.M | re.S):
        for line in block.strip().splitlines():
            assert line.startswith(PROMPT), line
            status = re.search(r"# exit status (\d+)$", line)
            commands.append((line[len(PROMPT):], int(status.group(1)) if status else 0))
    return commands


class Tour(wisp_test.TestCase):
    def test_every_command_does_what_the_readme_says(self):
        commands = tour_commands()
        self.assertGreater(len(commands), 10)
        env = self.wisp.env()
        for command, status in commands:
            if command.startswith("export PATH="):  # the program under test may be another build's
                env["PATH"] = os.path.dirname(self.wisp.binary) + ":" + env["PATH"]
                continue
            done = subprocess.run(["bash", "-c", command], cwd=wisp_test.SOURCE, env=env, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=50)
            self.assertEqual(done.returncode, status, f"{command}\n{done.stdout}{done.stderr}")
            if command.startswith("wisp run") and " -d" not in command:
                self.assertRegex(done.stdout, r"iterate_hash  [0-9a-f]{16}\n$")
        hashes = {}  # by the bytes that workers sent
        for folder in self.wisp.jobs():
            if folder.name.startswith("quickstart-") and self.status(folder) == "converged":
                result = self.wisp_result(folder)
                self.assertEqual(result["rounds"], 100)
                hashes.setdefault(result["uplink_bytes"], set()).add(result["iterate_hash"])
        rounded, exact = sorted(hashes)
        self.assertEqual(len(hashes[exact]), 1, "the same hash wherever the workers live")
        self.assertEqual(len(hashes[rounded]), 1)
        self.assertEqual(round(exact / rounded), 7, "a seventh of the bytes")

    def wisp_result(self, folder):
        return json.loads((folder / "result.json").read_text())

    def status(self, folder):
        return self.wisp_result(folder)["status"]


if __name__ == "__main__":
    wisp_test.main()
