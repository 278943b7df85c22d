"""``pgladder variants`` and what a machine is to a formula."""

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from bench.cli.main import main
from bench.engines.postgresql import render as room
from bench.engines.postgresql.conf import read_conf
from bench.engines.postgresql.render import as_variant
from bench.engines.postgresql.variants import (
    ALL,
    Machine,
    check_harness,
    hardware_of,
    harness_for,
    postmaster_of,
    this_machine,
    variants_for,
)
from bench.model.errors import DataError, HostError, NothingDoneError, UsageError
from bench.model.fingerprint import Unreadable
from bench.plan.check import AGAIN, check_plan
from bench.plan.request import make_design
from bench.plan.with_variants import check_foreign, plan_with
from bench.remote import hosts
from bench.tuning.hardware import Hardware
from bench.workload.phase import ladder

VECTORS = Path(__file__).parents[1] / "tuning" / "vectors"
N100 = "ram_mb=16384,cores=4,disk=nvme,disk_gb=500"
MACHINE = Machine(Hardware(ram_mb=16384, cores=4, disk="nvme", disk_gb=500), huge_page_bytes=0)


@pytest.fixture
def pgladder(capsys, monkeypatch):
    """Run the command; return its code, output and errors."""
    monkeypatch.setenv("NO_COLOR", "1")

    def run(*arguments):
        with pytest.raises(SystemExit) as end:
            main(["variants", *map(str, arguments)])
        told = capsys.readouterr()
        return end.value.code, told.out, told.err

    return run


def vectors(tool):
    """Every run of a tool with its defaults, as (variant, hardware, settings)."""
    for vector in json.loads((VECTORS / f"{tool}.json").read_text())["vectors"]:
        box, options = vector["hardware"], vector["options"]
        disk = options.get("hd_type", box["disk_kind"])
        if vector["profile"] == "promscale" or options.get("wal_disk_size"):
            continue
        name = tool if tool == "timescaledb-tune" else f"{tool}-{vector['profile']}"
        figures = f"ram_mb={box['ram_mb']},cores={box['cores']},disk={disk},disk_gb={box['disk_gb']}"
        yield name, figures, vector["settings"]


@pytest.mark.parametrize("tool", ["pgtune", "pigsty", "timescaledb-tune"])
def test_show_in_json_is_what_the_original_tool_emits_text_for_text_and_in_order(pgladder, tool):
    checked = 0
    for name, figures, settings in vectors(tool):
        code, out, err = pgladder("show", name, "--hardware", figures, "--json")
        found = json.loads(out)
        assert (code, err, list(found)) == (0, "", ["settings", "derivations"])
        assert list(found["settings"].items()) == list(settings.items())
        assert list(found["derivations"]) == list(settings)
        assert all(found["derivations"].values())
        checked += 1
    assert checked >= 10


def test_show_takes_the_connections_asked_for(pgladder):
    found = json.loads(pgladder("show", "pgtune-oltp", "--hardware", N100, "--connections", 50, "--json")[1])
    assert found["settings"]["max_connections"] == "50"
    assert found["settings"]["work_mem"] == "77672kB"
    assert found["derivations"]["work_mem"] == "(RAM − shared_buffers) ÷ ((50 connections + 4 workers) × 3)"


def test_show_explains_every_setting_for_people(pgladder):
    code, out, _ = pgladder("show", "pigsty-tiny", "--hardware", N100)
    assert code == 0
    assert out.startswith(f"pigsty-tiny on {N100}\n")
    assert " shared_buffers " in " " + " ".join(out.split())
    assert "RAM × 0.25, rounded up" in out


def test_show_as_text_is_what_a_run_puts_in_force_without_what_the_harness_sets(pgladder):
    code, out, _ = pgladder("show", "pgtune-oltp", "--hardware", N100, "--connections", 50, "--text")
    assert code == 0
    assert "max_connections" not in read_conf(out, "the text")
    assert read_conf(out, "the text")["work_mem"].text == "77672kB"


def test_show_without_hardware_is_of_this_machine(pgladder):
    ram_mb = this_machine(Path("/")).hardware.ram_mb
    found = json.loads(pgladder("show", "shared-buffers-25", "--json")[1])
    assert found["settings"] == {"shared_buffers": f"{ram_mb // 4}MB"}
    assert "this machine (ram_mb=" in pgladder("show", "stock")[1]


def test_the_list_has_a_line_for_each_variant(pgladder):
    code, out, _ = pgladder()
    assert code == 0
    # What runs over begins with blanks.
    assert [line.split()[0] for line in out.splitlines()[1:] if line[0] != " "] == room.variant_names()
    assert list(json.loads(pgladder("--json")[1])) == room.variant_names()


@pytest.fixture
def broken(tmp_path, monkeypatch):
    """Two templates that can be taken, and three files that can't."""
    (tmp_path / "variants").mkdir()
    shutil.copy(room.template_directory() / "harness.conf.j2", tmp_path)
    for name in ("stock", "jit-off", "Stock", "a b"):
        (tmp_path / "variants" / f"{name}.conf.j2").write_text("# It.\njit = off\n" if name == "jit-off" else "# It.\n")
    (tmp_path / "variants" / "gone.conf.j2").symlink_to("nowhere")
    monkeypatch.setattr(room, "template_directory", lambda: tmp_path)
    return [
        "Template variants/Stock.conf.j2: the name is that of stock.conf.j2; give the file another.",
        "Template variants/a b.conf.j2: a name has letters, digits, '.', '_' and '-', the first a letter or digit.",
        "Template variants/gone.conf.j2: it can't be read: No such file or directory.",
    ]


def test_the_list_names_each_file_that_cannot_be_taken_beside_those_that_can(pgladder, broken):
    code, out, err = pgladder()
    assert (code, [line.split()[0] for line in out.splitlines()[1:]]) == (1, ["stock", "jit-off"])
    assert err.splitlines() == broken
    code, out, err = pgladder("--json")
    assert (code, json.loads(out)) == (1, {"stock": "It.", "jit-off": "It."})
    assert err.splitlines() == broken


def test_a_file_that_cannot_be_taken_stops_only_who_asks_for_it(pgladder, broken):
    harness = harness_for(100, tls=False)
    assert list(variants_for(["stock", "jit-off"], MACHINE, 100, harness)) == ["stock", "jit-off"]
    for name, sentence in zip(("Stock", "a b", "gone"), broken, strict=True):
        code, out, err = pgladder("show", name, "--hardware", N100)
        assert (code, out) == (2, "")
        assert sentence in err
        with pytest.raises(DataError, match=sentence.partition(":")[0]):
            variants_for(["stock", name], MACHINE, 100, harness)
    design = make_design({"variants": [ALL], "phases": ["2-G"]}, transports=["tcp"])
    with pytest.raises(DataError, match=r"^Template variants/Stock\.conf\.j2: the name is that of stock"):
        plan_with(design, MACHINE, 100, harness, run="r", created="2026-11-22T10:15:00+00:00", seed=1)


@pytest.mark.parametrize("line", ["port = 5555", "data_directory = '/tmp'", "max_connections = 10", "ssl = on"])
@pytest.mark.usefixtures("broken")
def test_show_refuses_what_a_run_refuses(pgladder, line):
    (room.template_directory() / "variants" / "mine.conf.j2").write_text(f"{line}\n")
    code, out, err = pgladder("show", "mine", "--hardware", N100)
    assert (code, out) == (2, "")
    name = line.partition(" ")[0]
    assert f"Variant mine sets {name}, which the harness owns: it is the same under every variant." in err


@pytest.mark.usefixtures("broken")
def test_a_template_that_uses_connections_says_how_to_give_them(pgladder):
    text = "work_mem = {{ 10000 // connections }}MB  # a share\n"
    (room.template_directory() / "variants" / "mine.conf.j2").write_text(text)
    code, _, err = pgladder("show", "mine", "--hardware", N100)
    assert code == 2
    assert (
        "Template variants/mine.conf.j2: UndefinedError: it uses connections: say with --connections how many." in err
    )
    assert pgladder("show", "mine", "--hardware", N100, "--connections", 100)[1].count("100MB") == 1


def test_diff_shows_only_what_differs_in_effect(pgladder):
    code, out, _ = pgladder("diff", "stock", "big-wal", "--hardware", N100)
    assert code == 0
    assert [line.split() for line in out.splitlines()[-2:]] == [
        ["parameter", "stock", "big-wal"],
        ["max_wal_size", "1GB", "16GB"],
    ]
    found = json.loads(pgladder("diff", "pgtune-web", "pgtune-oltp", "--hardware", N100, "--json")[1])
    assert found == {
        "max_wal_size": {"pgtune-web": "4GB", "pgtune-oltp": "8GB"},
        "min_wal_size": {"pgtune-web": "1GB", "pgtune-oltp": "2GB"},
        "work_mem": {"pgtune-web": "20560kB", "pgtune-oltp": "13797kB"},
    }
    assert "are the same in effect on" in pgladder("diff", "stock", "stock")[1]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["show", "pgtune-olpt"], "Unknown variant 'pgtune-olpt'; did you mean pgtune-oltp"),
        (["diff", "stock", "sotck"], "Unknown variant 'sotck'; did you mean stock"),
        (["show", "pgtune-web", "--hardware", "ram=3"], "hardware: unknown name 'ram'"),
        (["show", "pgtune-web", "--hardware", N100, "--connections", "3"], "pgtune takes no fewer than 20 connections"),
        (["show", "pgtune-web", "--hardware", N100.replace("16384", "256")], "pgtune takes no memory under 512 MB"),
        (["show", "stock", "--hardware", ""], "hardware: '' is not name=value."),
        (["show", "stock", "--host", ""], "--host takes the name or the address of a box, not ''."),
        (["show", "stock", "--host", "n100-a", "--hardware", N100], "--hardware: not allowed with argument --host"),
        (["diff", "stock", "big-wal", "--hardware", N100, "--data-dir", "/"], "not allowed with argument --hardware"),
        (["show", "stock", "--connections", "0"], "'0' is not a number above 0"),
        (["show"], "the following arguments are required: NAME"),
    ],
)
def test_wrong_use_is_refused_in_a_sentence(pgladder, arguments, sentence):
    code, out, err = pgladder(*arguments)
    assert (code, out) == (2, "")
    assert sentence in err


# --- this machine ----------------------------------------------------------------------------------------------------


RAM = {"ram_bytes": 16 << 30, "control_group_limit_bytes": "none"}


def test_one_box_is_asked(pgladder, monkeypatch):
    boxes = [SimpleNamespace(name=name) for name in ("n100-a", "n100-b")]
    monkeypatch.setattr(hosts, "ask_ansible", lambda _: None)
    monkeypatch.setattr(hosts, "answered", lambda _: boxes)
    code, out, err = pgladder("show", "stock", "--host", "n100-a,n100-b")
    assert (code, out) == (2, "")
    assert "--host takes one box; these are 2: n100-a, n100-b." in err


def test_memory_is_what_a_control_group_leaves_of_it():
    more = {"logical_cpus": 1}, {"kind": "ssd", "file_system_bytes": 1}
    limits = (4 << 30, 64 << 30, "none", Unreadable(unreadable="no control groups here"))
    found = [hardware_of({**RAM, "control_group_limit_bytes": limit}, *more).ram_mb for limit in limits]
    assert found == [4096, 16384, 16384, 16384]


def test_cores_are_those_that_can_be_used_and_all_where_that_is_not_known():
    disk = {"kind": "ssd", "file_system_bytes": 1}
    memory = {**RAM}
    found = [
        hardware_of(memory, {"logical_cpus": 4, **more}, disk).cores
        for more in ({"usable_cpus": 1}, {"usable_cpus": Unreadable(unreadable="no /proc")}, {})
    ]
    assert found == [1, 4, 4]


def test_a_server_that_runs_may_be_allowed_other_than_we_are(tmp_path):
    assert postmaster_of(tmp_path) == "self"
    (tmp_path / "postmaster.pid").write_text(f"{os.getpid()}\n{tmp_path}\n")
    assert postmaster_of(tmp_path) == os.getpid()
    (tmp_path / "postmaster.pid").write_text("99999999\n")
    assert postmaster_of(tmp_path) == "self"


@pytest.mark.parametrize(
    ("kind", "disk"),
    [("nvme", "nvme"), ("hdd", "hdd"), ("ssd", "ssd"), ("mmc", "ssd"), ("virtual", "ssd"), ("memory", "ssd")],
)
def test_sizes_are_rounded_up_and_every_kind_of_disk_is_one_the_tools_know(kind, disk):
    facts = (
        {**RAM, "ram_bytes": (16 << 30) - 1},
        {"logical_cpus": 4},
        {"kind": kind, "file_system_bytes": (500 << 30) - 9},
    )
    assert hardware_of(*facts) == Hardware(ram_mb=16384, cores=4, disk=disk, disk_gb=500)


def test_an_unreadable_disk_counts_as_ssd_and_unreadable_memory_is_told():
    unreadable = Unreadable(unreadable="no /proc here")
    disk = {"kind": unreadable, "file_system_bytes": 1}
    assert hardware_of({**RAM, "ram_bytes": 1}, {"logical_cpus": 1}, disk).disk == "ssd"
    with pytest.raises(HostError, match=r"ram_bytes can't be read: no /proc here; name the figures with --hardware"):
        hardware_of({**RAM, "ram_bytes": unreadable}, {"logical_cpus": 1}, disk)


def test_of_a_directory_that_is_not_there_yet_the_one_it_will_be_made_in_is_read(tmp_path):
    assert this_machine(tmp_path / "not" / "yet") == this_machine(tmp_path)


# --- the variants of a plan ------------------------------------------------------------------------------------------


def test_the_variants_of_a_plan_leave_the_harness_its_own():
    harness = harness_for(208, tls=False)
    found = variants_for(["stock", "pgtune-oltp"], MACHINE, 208, harness)
    assert list(found) == ["stock", "pgtune-oltp"]
    assert "# the harness owns max_connections; the formula says 208: as asked" in found["pgtune-oltp"].text
    assert "(208 connections + 4 workers)" in found["pgtune-oltp"].text


def test_two_variants_that_are_the_same_in_effect_on_this_box_are_not_compared(tmp_path, monkeypatch):
    (tmp_path / "variants").mkdir()
    for name, text in {"a": "work_mem = 4MB", "b": "work_mem = 4096kB\nhuge_pages = off", "c": "jit = off"}.items():
        (tmp_path / "variants" / f"{name}.conf.j2").write_text(text)
    harness = harness_for(100, tls=False)
    monkeypatch.setattr(room, "template_directory", lambda: tmp_path)
    with pytest.raises(UsageError, match="The variants a and b are the same in effect on this box"):
        variants_for(["a", "c", "b"], MACHINE, 100, harness)
    with_pages = Machine(MACHINE.hardware, huge_page_bytes=1 << 30)
    assert list(variants_for(["a", "b"], with_pages, 100, harness)) == ["a", "b"]


SMALL = Machine(replace(MACHINE.hardware, ram_mb=256), huge_page_bytes=0)
UNFIT = "pgtune takes no memory under 512 MB; this is 256 MB."


@pytest.mark.parametrize("names", [["stock", "pgtune-web", "pgtune-oltp"], [ALL]])
def test_a_formula_that_has_nothing_for_the_box_is_an_arm_that_is_refused(names):
    design = make_design({"variants": names, "phases": ["2-G"]}, transports=["tcp"])
    plan = plan_with(design, SMALL, 100, harness_for(100, tls=False), run="r", created="2026-11-22T10:15:00Z", seed=1)
    check_plan(plan, ladder())
    known = {variant.name: variant for variant in plan.variants}
    assert {known[name].refused for name in ("pgtune-web", "pgtune-oltp")} == {UNFIT}
    assert known["stock"].refused is None
    assert {"stock", "pgtune-web", "pgtune-oltp"} <= {trial.variant for trial in plan.trials}


HUGE = Machine(replace(MACHINE.hardware, ram_mb=48 << 20), huge_page_bytes=0)
TOO_MUCH = (
    "PostgreSQL 15 does not take what pgtune-web says for this box: shared_buffers = 12288GB: it must lie between"
)


def test_a_formula_whose_value_postgresql_does_not_take_is_an_arm_that_is_refused():
    found = variants_for(["stock", "pgtune-web"], HUGE, 100, harness_for(100, tls=False))
    assert (found["stock"].refused, found["pgtune-web"].text) == (None, "")
    assert found["pgtune-web"].refused.startswith(TOO_MUCH)


def test_a_file_of_ones_own_with_such_a_value_is_an_error(tmp_path, monkeypatch):
    (tmp_path / "variants").mkdir()
    own = {"stock": "", "mine": "{{ formula('pgtune-web') -}}\njit_above_cost = -9\n"}
    for name, text in own.items():
        (tmp_path / "variants" / f"{name}.conf.j2").write_text(text)
    harness = harness_for(100, tls=False)
    monkeypatch.setattr(room, "template_directory", lambda: tmp_path)
    with pytest.raises(DataError, match=r"^Variant mine: jit_above_cost = -9: it must lie between -1 and"):
        variants_for(["stock", "mine"], MACHINE, 100, harness)
    assert variants_for(["stock", "mine"], HUGE, 100, harness)["mine"].refused.startswith(TOO_MUCH)


def test_where_no_formula_has_anything_for_the_box_there_is_no_plan():
    with pytest.raises(HostError, match=f"^No candidate is left: pgtune-web: {UNFIT}; pgtune-dw: {UNFIT}$"):
        variants_for(["pgtune-web", "pgtune-dw"], SMALL, 100, harness_for(100, tls=False))


def test_stock_and_huge_pages_are_the_same_where_enough_are_set_aside():
    harness = harness_for(100, tls=False)
    with pytest.raises(UsageError, match="The variants stock and huge-pages are the same in effect on this box"):
        variants_for(["stock", "huge-pages"], replace(MACHINE, huge_page_bytes=1 << 30), 100, harness)
    for known in (0, 16 << 20, None):
        assert len(variants_for(["stock", "huge-pages"], replace(MACHINE, huge_page_bytes=known), 100, harness)) == 2


def test_of_all_variants_the_plan_has_every_one_and_trials_only_of_those_that_differ(tmp_path, monkeypatch):
    (tmp_path / "variants").mkdir()
    for name, text in {"stock": "", "a": "work_mem = 4096kB", "b": "jit = off", "c": "jit = no"}.items():
        (tmp_path / "variants" / f"{name}.conf.j2").write_text(text)
    harness = harness_for(100, tls=False)
    monkeypatch.setattr(room, "template_directory", lambda: tmp_path)
    design = make_design({"variants": [ALL], "phases": ["2-G"]}, transports=["tcp"])
    plan = plan_with(design, MACHINE, 100, harness, run="r", created="2026-11-22T10:15:00+00:00", seed=1)
    assert [variant.name for variant in plan.variants] == ["stock", "a", "b", "c"]
    assert {trial.variant for trial in plan.trials} == {"stock", "b"}
    check_plan(plan, ladder())


# --- plans that somebody gives ---------------------------------------------------------------------------------------

HERE = Machine(Hardware(ram_mb=8192, cores=4, disk="ssd", disk_gb=100))
PRELOAD = "# Mine.\nshared_preload_libraries = 'auto_explain'\nwork_mem = {{ hardware.ram_mb }}kB\n"


@pytest.fixture
def templates(tmp_path, monkeypatch):
    """Return the variants' directory of a copy of ours."""
    copy = shutil.copytree(room.template_directory(), tmp_path / "postgresql")
    monkeypatch.setattr(room, "template_directory", lambda: copy)
    return copy / "variants"


def planned_here(*variants, again=False):
    design = make_design({"phases": ["2-C"], "variants": list(variants)}, transports=["tcp"])
    harness = harness_for(108, tls=False)
    return plan_with(replace(design, against_itself=again), HERE, 108, harness, run="r", created="2026-01-01", seed=1)


@pytest.mark.parametrize("again", [False, True])
def test_a_variant_of_ones_own_that_loads_a_library_is_carried_out_again_here(templates, again):
    (templates / "mine.conf.j2").write_text(PRELOAD)
    plan = planned_here("mine", again=again)
    assert [variant.name for variant in plan.variants] == ["mine", f"mine{AGAIN}"][: 1 + again]
    check_foreign(plan, lambda: HERE)


def test_the_same_variant_of_somebody_else_is_refused(templates):
    (templates / "mine.conf.j2").write_text(PRELOAD)
    plan = planned_here("mine")
    (templates / "mine.conf.j2").unlink()
    with pytest.raises(UsageError, match="Plan r: its variant mine was not made here and sets shared_preload_libr"):
        check_foreign(plan, lambda: HERE)


def test_a_name_of_ours_makes_no_text_ours():
    stock = as_variant("stock", "archive_command = 'id'\n")
    with pytest.raises(UsageError, match="its variant stock was not made here and sets archive_command"):
        check_foreign(replace(planned_here("stock"), variants=(stock,)), lambda: HERE)


@pytest.mark.parametrize("name", ["evil.conf.j2", "evil.conf.j2-again"])
def test_a_plan_names_no_template_of_this_machine(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    text = "archive_command = 'touch rendered'\n"
    (tmp_path / "evil.conf.j2").write_text(text)
    evil = as_variant(name, text)
    with pytest.raises(UsageError, match="was not made here and sets archive_command"):
        check_foreign(replace(planned_here("stock"), variants=(evil,)), lambda: HERE)


def test_variants_that_reach_nowhere_are_carried_out_from_anywhere_and_nobody_looks_at_the_machine():
    there = Machine(Hardware(ram_mb=65536, cores=64, disk="nvme", disk_gb=900))
    design = make_design({"phases": ["2-C"], "variants": ["all"]}, transports=["tcp"])
    plan = plan_with(design, there, 108, harness_for(108, tls=False), run="r", created="2026-01-01", seed=1)
    check_foreign(plan, lambda: pytest.fail("the machine was looked at"))


@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize("connections", [100, 320])
def test_the_harness_of_a_plan_is_ours_whatever_connections_it_needs(tls, connections):
    plan = planned_here("stock")
    trials = tuple(replace(each, transport="tls" if tls else "tcp") for each in plan.trials)
    check_harness(replace(plan, trials=trials, harness=harness_for(connections, tls=tls)))


@pytest.mark.parametrize(
    ("there", "here", "sentence"),
    [
        ("127.0.0.1", "*", r"listen_addresses is \* there, 127.0.0.1 here"),
        ("ssl = off", "ssl = on", "ssl is on there, off here"),
        ("lc_messages = 'C'", "", "lc_messages is not set there, C here"),
        ("ssl = off", "ssl = off\narchive_command = 'id'", "archive_command is id there, not set here"),
        ("ssl = off", "ssl = off\nplperl.on_init = 'x'", "plperl.on_init is x there, not set here"),
        ("max_connections = 108", "max_connections = 9999999", "max_connections = 9999999: it must lie between"),
        ("max_connections = 108", "include '/etc/passwd'", "include is not taken"),
    ],
)
def test_another_harness_is_refused_by_what_differs(there, here, sentence):
    plan = planned_here("stock")
    harness = as_variant("harness", plan.harness.text.replace(there, here))
    assert harness != plan.harness
    with pytest.raises(DataError, match=sentence):
        check_harness(replace(plan, harness=harness))


def test_a_template_of_the_users_is_a_variant_by_its_path(tmp_path):
    file = tmp_path / "mine.conf.j2"
    file.write_text("# Mine.\nwork_mem = {{ hardware.ram_mb // 64 }}MB  # a 64th\n")
    found = variants_for(["stock", str(file)], MACHINE, 10, harness_for(10, tls=False))
    assert list(found) == ["stock", "mine"]
    assert f"work_mem = {MACHINE.hardware.ram_mb // 64}MB" in found["mine"].text


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("stock.conf.j2", "", "Template .*stock.conf.j2: pgladder has a variant of that name; give the file another"),
        ("mine.conf.j2", None, "Template .*mine.conf.j2: it can't be read: No such file"),
        ("mine.conf.j2", "max_connections = 7\n", "Variant .*mine.* max_connections"),
    ],
)
def test_a_template_of_the_users_that_can_not_be_taken_is_refused_with_its_path(tmp_path, name, text, told):
    if text is not None:
        (tmp_path / name).write_text(text)
    with pytest.raises(NothingDoneError, match=told):
        variants_for(["big-wal", str(tmp_path / name)], MACHINE, 10, harness_for(10, tls=False))


def test_two_files_of_one_name_are_refused(tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "mine.conf.j2").write_text(f"work_mem = {ord(folder)}MB\n")
    words = [str(tmp_path / folder / "mine.conf.j2") for folder in ("a", "b")]
    with pytest.raises(UsageError, match="have one name"):
        variants_for(words, MACHINE, 10, harness_for(10, tls=False))
