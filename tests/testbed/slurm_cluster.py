"""Slurm on the hosts of a testbed: a controller on the first of them, and a daemon on each.

    with testbed.Testbed(hosts=3, shared=True) as bed, slurm_cluster.SlurmCluster(bed) as cluster:
        bed["h1"].run("srun", "--nodes=3", "hostname")
"""
import os
import shutil
import subprocess
import time

DAEMONS = ["/usr/sbin/slurmctld", "/usr/sbin/slurmd", "/usr/sbin/munged"]
START = 30  # seconds
CONF = """
ClusterName=testbed
SlurmctldHost={control}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
StateSaveLocation=/run/slurmctld
SlurmdSpoolDir=/run/slurmd
SlurmctldPidFile=/run/slurmctld.pid
SlurmdPidFile=/run/slurmd.pid
SlurmctldLogFile=/run/slurmctld.log
SlurmdLogFile=/run/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=sched_min_interval=0
SlurmdParameters=config_overrides
ReturnToService=2
SlurmdTimeout=20
KillWait=10
MailProg=/bin/true
{nodes}
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


def why_not():
    """Why there can be none here, or None."""
    missing = [path for path in DAEMONS if not os.access(path, os.X_OK)]
    return f"there is no {missing[0]} (packages slurm-wlm, munge)" if missing else None


class SlurmCluster:
    def __init__(self, bed, cpus=4):
        self.bed, self.cpus = bed, cpus
        self.control = next(iter(bed.hosts.values()))

    def __enter__(self):
        key = self.bed.shared / "munge.key"
        key.write_bytes(os.urandom(128))
        key.chmod(0o400)
        nodes = "\n".join(f"NodeName={host.name} NodeAddr={host.address} CPUs={self.cpus} State=UNKNOWN"
                          for host in self.bed.hosts.values())
        (self.bed.shared / "slurm.conf").write_text(CONF.format(control=self.control.name, nodes=nodes))
        (self.bed.shared / "cgroup.conf").write_text("CgroupPlugin=cgroup/v1\n")
        names = "".join(f"{host.address} {host.name}\n" for host in self.bed.hosts.values())
        (self.bed.shared / "hosts").write_text("127.0.0.1 localhost\n" + names)
        for host in self.bed.hosts.values():
            self._prepare(host)
        self.control.run("slurmctld")
        for host in self.bed.hosts.values():
            host.run("slurmd")
        self._wait_until_idle()
        return self

    def __exit__(self, *_):
        """The hosts take all with them."""

    def _prepare(self, host):
        for name, place in [("munge.key", "/etc/munge/"), ("slurm.conf", "/etc/slurm/"), ("cgroup.conf", "/etc/slurm/"),
                            ("hosts", "/etc/")]:
            host.run("cp", self.bed.shared / name, place)
        host.run("chown", "-R", "munge:", "/etc/munge")
        for folder in ["/run/munge", "/var/log/munge", "/var/lib/munge"]:
            host.run("install", "-d", "-o", "munge", "-m", "755", folder)
        host.run("setpriv", "--reuid=munge", "--regid=munge", "--clear-groups", "munged")

    def _wait_until_idle(self):
        end = time.monotonic() + START
        while (said := self.control.run("sinfo", "-h", "-o", "%T %D")).split() != ["idle", str(len(self.bed.hosts))]:
            if time.monotonic() > end:
                raise RuntimeError(f"the nodes are not idle: {said}")
            time.sleep(0.1)
