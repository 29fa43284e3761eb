"""What is said of a refusal's cause, where no kernel is asked that could give it; and that asking does no harm."""

from __future__ import annotations

import shlex
from errno import EEXIST, EINVAL, EIO, EPERM, ESRCH

import pytest

from pyipvsadm import errors, explain
from pyipvsadm.explain import causes
from pyipvsadm.explain.requirements import Machine, no_privilege, no_scheduler, unreached
from pyipvsadm.model import Command, Server, Service

from .fakes import run
from .ipvs import Ipvs
from .netlink import error, requests, small_kernel
from .refusals import REFUSALS

UNREAL = [row for row in REFUSALS if row.unreal]
LINES = {row.verb: row.line for row in REFUSALS} | {"clear": "-C", "save": "-Sn"}


def test_the_table_has_every_refusal_that_there_are_words_for():
    rows = {(row.verb, row.errno) for row in REFUSALS}
    some = {(None, row.errno) for row in REFUSALS}
    assert causes.CAUSES.keys() <= rows | some
    assert {key for key in errors.REFUSALS if key[0]} <= rows


@pytest.mark.parametrize("row", UNREAL, ids=lambda row: row.line)
def test_what_no_kernel_here_can_be_made_to_do(row):
    ran = run(shlex.split(row.line), small_kernel(refuse=lambda *_: row.errno))
    assert ran.status == 255
    assert ran.hints[0].startswith(row.hint)


@pytest.mark.parametrize(("verb", "errno"), [
    *dict.fromkeys([*causes.CAUSES, *errors.REFUSALS]), ("clear", EINVAL), ("add-service", EINVAL), ("save", EIO),
], ids=str)  # fmt: skip
def test_where_looking_fails_the_words_of_the_table_stand(verb, errno, monkeypatch):
    def fail(*_):
        raise RuntimeError("nothing is to be seen")

    monkeypatch.setattr(causes, "CAUSES", dict.fromkeys(causes.CAUSES, ((), fail)))
    monkeypatch.setattr(explain, "machine", fail)
    verb = verb or "add-server"
    ran = run(shlex.split(LINES[verb]), lambda data: [error(number, errno) for _, number, _, _ in requests(data)])
    expected = errors.unreachable(errno) if errno == EPERM else errors.refusal(verb, errno)
    assert (ran.status, ran.message) == (expected.status, f"{expected}\n")
    assert ran.hints == ([expected.hint] if expected.hint else [])


def test_a_refused_command_reads_the_table_once():
    for row in REFUSALS:
        kernel = Ipvs()
        for line in row.setup:
            if not line.startswith("ip "):
                run(shlex.split(line), kernel.play)
        ran = run(shlex.split(row.line), kernel.play)
        assert len(ran.socket.requests) <= 2, row


def test_a_kernel_that_refuses_the_reading_as_well():
    for row in REFUSALS:
        ran = run(shlex.split(row.line), lambda data, row=row: [error(n, row.errno) for _, n, _, _ in requests(data)])
        assert ran.message == f"{errors.refusal(row.verb, row.errno)}\n"
        assert "Traceback" not in ran.stderr


def test_a_restore_and_a_verb_read_nothing_and_name_what_they_name():
    ran = run(["-R"], Ipvs().play, b"-A -f 1 -s rr\n-A -f 1 -s wlc\n-D -f 2\n")
    assert ran.hints == [
        f"line 2: {errors.refusal('add-service', EEXIST).hint}",
        f"line 3: {errors.refusal('delete-service', ESRCH).hint}",
    ]
    assert len(ran.socket.requests) == 3
    ran = run(["set", "fwmark:1", "--scheduler", "rr"], Ipvs().play)
    assert ran.hints == [errors.refusal("list", ESRCH).hint]


# The machine.

HERE = Machine(release="6.1.0", on_disk=frozenset({"ip_vs", "ip_vs_rr", "ip_vs_wlc"}), capabilities=2**41 - 1)
THERE = HERE.replace(loaded=frozenset({"ip_vs", "ip_vs_rr"}))
OUTSIDE, INSIDE = "         0          0 4294967295\n", "         0       1000          1\n"
BARE = {"capabilities": 0, "uid_map": OUTSIDE}


@pytest.mark.parametrize(("seen", "hint"), [
    (HERE, "the module `ip_vs` exists for this kernel, but could not be loaded: `modprobe ip_vs` shows why"),
    (HERE.replace(capabilities=0), "the module `ip_vs` isn't loaded, and this process may not load it:"
     " `sudo modprobe ip_vs`"),
    (HERE.replace(on_disk=frozenset()), "this kernel, 6.1.0, has no module `ip_vs`: it's neither built in nor in"),
    (HERE.replace(on_disk=None), "/lib/modules has no modules for this kernel, 6.1.0"),
    (HERE.replace(on_disk=None, releases=("6.1.0",)), "/lib/modules has no modules for this kernel, 6.1.0"),
    (HERE.replace(on_disk=None, releases=("6.1.0", "6.2.0")), "6.1.0 is running, but the modules are for 6.2.0"),
    (HERE.replace(sealed=True), "this kernel, 6.1.0, loads no modules until the next boot"),
    (HERE.replace(modular=False), "this kernel, 6.1.0, can't load modules, and `ip_vs` isn't built in"),
    (HERE.replace(container="docker"), "this is a container (docker), and the kernel hasn't loaded `ip_vs`:"
     " `modprobe ip_vs` as root of the host"),
    (THERE, "`ip_vs` is part of this kernel, 6.1.0, but does not answer this process"),
])  # fmt: skip
def test_why_there_is_no_ipvs(seen, hint):
    assert unreached(True, seen).startswith(hint)
    assert unreached(True, seen).endswith("; or use a throw-away kernel: `pyipvsadm sandbox`")


@pytest.mark.parametrize(("seen", "hint"), [
    (Machine(user=1000, **BARE), "IPVS requires CAP_NET_ADMIN, even to list: use sudo"),
    (Machine(**BARE), "you are root, but this process lacks CAP_NET_ADMIN"),
    (Machine(container="docker", **BARE), "you are root of a container (docker) that lacks CAP_NET_ADMIN:"
     " start it with `--cap-add NET_ADMIN`"),
    (Machine(container="kubernetes", **BARE), "you are root of a container (kubernetes) that lacks CAP_NET_ADMIN:"
     " add NET_ADMIN to the pod's"),
    (Machine(container="lxc", **BARE), "you are root of a container (lxc) that lacks CAP_NET_ADMIN: give it that"),
    (Machine(capabilities=1 << 12, uid_map=INSIDE), "the kernel requires CAP_NET_ADMIN in the initial user namespace"),
    (Machine(capabilities=1 << 12, uid_map=OUTSIDE), ""),
    (Machine(capabilities=1 << 12), ""),
])  # fmt: skip
def test_why_this_process_may_not(seen, hint):
    assert no_privilege(seen).startswith(hint)
    assert bool(no_privilege(seen)) == bool(hint)


@pytest.mark.parametrize(("seen", "hint"), [
    (THERE.replace(**BARE), "you are root, but this process lacks CAP_NET_ADMIN"),
    (HERE.replace(**BARE), "you are root, but this process lacks CAP_NET_ADMIN"),  # who has it loads the module
    (HERE.replace(modular=False, user=7, **BARE), "this kernel, 6.1.0, can't load modules, and `ip_vs` isn't built in"),
    (HERE.replace(container="docker", **BARE), "this is a container (docker), and the kernel hasn't loaded `ip_vs`"),
    (THERE.replace(container="docker", **BARE), "you are root of a container (docker)"),
    (THERE, ""),
])  # fmt: skip
def test_what_is_lacking_first_is_told(seen, hint):
    assert unreached(False, seen).startswith(hint)
    assert bool(unreached(False, seen)) == bool(hint)


@pytest.mark.parametrize(("scheduler", "engine", "seen", "hint"), [
    ("nq", None, THERE, "no scheduler `nq`: this kernel, 6.1.0, has no module `ip_vs_nq`: it's neither built in nor in"
     " /lib/modules; available: rr, wlc"),
    ("wlc", None, THERE, "no scheduler `wlc`: the module `ip_vs_wlc` exists for this kernel, but could not be loaded:"
     " `modprobe ip_vs_wlc` shows why; available: rr"),
    ("wlc", None, THERE.replace(container="podman"), "no scheduler `wlc`: this is a container (podman), and the kernel"
     " hasn't loaded `ip_vs_wlc`: `modprobe ip_vs_wlc` as root of the host; available: rr"),
    ("wlc", None, THERE.replace(built_in=frozenset({"ip_vs_wlc"})), ""),
    ("rr", "sip", THERE, "no persistence engine `sip`: this kernel, 6.1.0, has no module `ip_vs_pe_sip`"),
    ("rr", "spi", THERE, "there is no persistence engine `spi`; did you mean `sip`?"),
    ("none", "spi", HERE, "there is no persistence engine `spi`; did you mean `sip`?"),
    ("nq", "spi", HERE, "there is no persistence engine `spi`; did you mean `sip`?"),
    ("twos", None, THERE.replace(on_disk=frozenset({"ip_vs_twos"})), "no scheduler `twos`: the module `ip_vs_twos` "),
    ("\x1bx", None, THERE, "there is no scheduler `x`; there are rr, "),
])  # fmt: skip
def test_why_a_scheduler_or_an_engine_is_not_found(scheduler, engine, seen, hint):
    told = no_scheduler(Service(scheduler=scheduler, engine=engine), seen)
    assert told.startswith(hint)
    assert bool(told) == bool(hint)


FILES = {
    "proc/sys/kernel/osrelease": "6.1.0\n",
    "proc/sys/kernel/modules_disabled": "0\n",
    "proc/modules": "ip_vs 1 0 - Live 0x0\nip_vs_rr 1 0 - Live 0x0\nipv6 1 0 - Live 0x0\n",
    "proc/self/status": "Name:\tx\nCapEff:\t0000000000001000\n",
    "proc/self/uid_map": OUTSIDE,
    "lib/modules/6.1.0/modules.dep": "kernel/ip_vs.ko.xz:\nkernel/ipvs/ip-vs-wlc.ko: kernel/a.ko\nkernel/b.ko.zst:\n",
    "lib/modules/6.1.0/modules.builtin": "kernel/ipvs/ip_vs_mh.ko\n",
    "lib/modules/5.10.0/modules.dep": "",
}


@pytest.fixture
def root(tmp_path, monkeypatch):
    """Makes the machine that these files tell of, with an environment."""
    monkeypatch.setattr(explain, "ROOT", f"{tmp_path}/")
    for name in ("KUBERNETES_SERVICE_HOST", "container"):
        monkeypatch.delenv(name, raising=False)

    def make(files, **environment):
        for path, content in files.items():
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_text(content)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        return explain.machine()

    return make


def test_what_is_seen_of_a_machine(root):
    assert root(FILES).replace(user=0) == Machine(
        release="6.1.0",
        loaded=frozenset({"ip_vs", "ip_vs_rr", "ipv6"}),
        on_disk=frozenset({"ip_vs", "ip_vs_wlc"}),
        built_in=frozenset({"ip_vs_mh"}),
        releases=("5.10.0", "6.1.0"),
        capabilities=1 << 12,
        uid_map=OUTSIDE,
    )


def test_where_nothing_is_to_be_seen_nothing_is_claimed(root):
    assert root({}).replace(user=0) == Machine()


def test_a_kernel_that_ipvs_is_built_into(root):
    assert root({"proc/net/ip_vs": ""}).has("ip_vs")


def test_a_kernel_without_modules(root):
    assert not root({"proc/self/status": "CapEff:\t0\n"}).modular
    assert root({"proc/sys/kernel/modules_disabled": "1\n"}).sealed


@pytest.mark.parametrize(("files", "environment", "kind"), [
    ({}, {}, ""),
    ({".dockerenv": ""}, {}, "docker"),
    ({".dockerenv": "", "proc/2/comm": "kthreadd\n"}, {}, ""),  # a kernel of its own, on a container's files
    ({".dockerenv": "", "proc/2/comm": "sh\n"}, {"KUBERNETES_SERVICE_HOST": "10.0.0.1"}, "kubernetes"),
    ({"run/.containerenv": ""}, {}, "podman"),
    ({"run/systemd/container": "systemd-nspawn\n"}, {"container": "oci"}, "systemd-nspawn"),
    ({}, {"container": "lxc"}, "lxc"),
])  # fmt: skip
def test_what_makes_a_container(root, files, environment, kind):
    assert root(files, **environment).container == kind


@pytest.mark.parametrize(("files", "unrouted"), [
    ({}, False), ({"proc/net/fib_trie": ""}, True), ({"proc/net/fib_trie": "Main:\nLocal:\n"}, False),
])  # fmt: skip
def test_a_namespace_that_never_had_an_address(root, files, unrouted):
    root(files)
    assert explain.Eyes(None, None).unrouted() is unrouted
    command = Command(verb="add-server", service=Service(), server=Server(address=bytes((10, 0, 0, 2))))
    hint = causes.unfit_server(command, causes.Seen(unrouted=unrouted))
    assert hint.endswith("`ip link set lo up`") is unrouted
