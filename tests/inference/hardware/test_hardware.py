from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import pytest

from inference.errors import UsageError
from inference.hardware.apple import gpu_share
from inference.hardware.commands import run_command
from inference.hardware.cpu import read as read_cpu
from inference.hardware.described import parse_machine
from inference.hardware.machine import GIB, Gpu, Hardware, describe, probe_hardware
from inference.hardware.nvidia import from_command, gpu_clocks_throttled, gpu_readings, slowed_by

MIB = 1 << 20
TWO_CARDS = "NVIDIA GeForce RTX 3090, 24576, 1034, 550.120, 8.6\nNVIDIA GeForce GTX 1060 6GB, 6144, 5, 550.120, 6.1\n"
MAC = {
    "SPHardwareDataType": [
        {"chip_type": "Apple M3 Pro", "machine_name": "MacBook Pro", "physical_memory": "36 GB"},
    ],
    "SPDisplaysDataType": [
        {"_name": "Apple M3 Pro", "sppci_cores": "18", "sppci_model": "Apple M3 Pro", "spdisplays_vendor": "x_Apple"},
    ],
}
INTEL_MAC = {
    "SPHardwareDataType": [{"cpu_type": "8-Core Intel Core i9", "machine_name": "MacBook Pro"}],
    "SPDisplaysDataType": [{"sppci_model": "AMD Radeon Pro 5500M", "spdisplays_vendor": "sppci_vendor_amd"}],
}
CPUINFO = (
    "processor\t: 0\nmodel name\t: AMD Ryzen 7 5800X\nflags\t\t: fpu sse2 avx fma f16c avx2 avx512f\n\nprocessor\t: 1\n"
)
ARM_CPUINFO = "processor\t: 0\nFeatures\t: fp asimd asimddp i8mm\nCPU part\t: 0xd40\n"


class Commands:
    """Prints what was recorded for the first command that begins so; nothing for any other."""

    def __init__(self, **said: str) -> None:
        self._said = said
        self.asked: list[Sequence[str]] = []

    def __call__(self, command: Sequence[str]) -> str | None:
        self.asked.append(command)
        line = " ".join(command)
        return next(
            (text for name, text in self._said.items() if name.replace("_", "-") in line.replace("_", "-")), None
        )


def linux(tmp_path: Path, commands: Commands, *, cpuinfo: str = CPUINFO, release: str = "6.8.0") -> Hardware:
    (tmp_path / "cpuinfo").write_text(cpuinfo)
    return probe_hardware(
        run=commands, system="Linux", release=release, sysfs=tmp_path / "drm", cpuinfo=tmp_path / "cpuinfo"
    )


def test_nvidia_smi_tells_every_card(tmp_path: Path) -> None:
    found = linux(tmp_path, Commands(nvidia_smi=TWO_CARDS))
    first, second = found.gpus
    assert first == Gpu("nvidia", "NVIDIA GeForce RTX 3090", 24576 * MIB, 1034 * MIB, "550.120", (8, 6))
    assert (second.memory_bytes, second.compute_capability) == (6144 * MIB, (6, 1))
    assert found.card_bytes == 30720 * MIB
    assert (found.source, found.unified_memory, found.wsl2) == ("probed", False, False)


def test_a_driver_that_does_not_know_the_compute_capability_tells_the_rest() -> None:
    class OldDriver(Commands):
        def __call__(self, command: Sequence[str]) -> str | None:
            return None if "compute_cap" in command[1] else "Tesla K80, 11441, 0, 470.1"

    (card,) = from_command(OldDriver())
    assert (card.memory_bytes, card.driver, card.compute_capability) == (11441 * MIB, "470.1", None)


def test_a_card_without_memory_of_its_own_has_none_not_zero() -> None:
    (card,) = from_command(Commands(nvidia_smi="NVIDIA GB10, [N/A], [N/A], 580.95, 12.1"))
    assert (card.memory_bytes, card.used_bytes) == (None, None)
    assert Hardware("probed", gpus=(card,)).cards == ()


def test_no_command_and_no_driver_is_no_card_and_no_error(tmp_path: Path) -> None:
    found = linux(tmp_path, Commands())
    assert found.gpus == ()
    assert found.ram_bytes is not None
    assert "no card found" in describe(found)


def test_wsl2_is_told_by_the_kernel_s_release(tmp_path: Path) -> None:
    assert linux(tmp_path, Commands(), release="5.15.153.1-microsoft-standard-WSL2").wsl2
    assert "WSL2" in describe(linux(tmp_path, Commands(), release="5.15.153.1-microsoft-standard-WSL2"))


def test_the_processor_s_vectors_are_those_that_llama_cpp_uses(tmp_path: Path) -> None:
    found = linux(tmp_path, Commands())
    assert (found.cpu, found.cpu_features) == ("AMD Ryzen 7 5800X", ("avx", "avx2", "fma", "f16c", "avx512f"))


def test_an_arm_processor_has_its_name_from_lscpu(tmp_path: Path) -> None:
    found = linux(tmp_path, Commands(lscpu="Architecture: aarch64\nModel name:   Neoverse-V1\n"), cpuinfo=ARM_CPUINFO)
    assert (found.cpu, found.cpu_features) == ("Neoverse-V1", ("neon", "dotprod", "i8mm"))


def test_features_that_cannot_be_read_are_not_known(tmp_path: Path) -> None:
    assert read_cpu("Windows", Commands(), tmp_path / "none").features is None
    assert read_cpu("Linux", Commands(), tmp_path / "none").features is None


def test_an_amd_card_is_read_from_the_kernel_s_files(tmp_path: Path) -> None:
    device = tmp_path / "drm" / "card1" / "device"
    device.mkdir(parents=True)
    (device / "mem_info_vram_total").write_text("17163091968\n")
    (device / "mem_info_vram_used").write_text("81920\n")
    (tmp_path / "drm" / "card1-DP-1").mkdir()
    (tmp_path / "drm" / "card0").mkdir()
    (card,) = linux(tmp_path, Commands()).gpus
    assert (card.vendor, card.memory_bytes, card.used_bytes) == ("amd", 17163091968, 81920)


def test_a_small_graphics_processor_is_no_card_for_a_model() -> None:
    built_in, card = Gpu("amd", "AMD card", 512 * MIB), Gpu("nvidia", "RTX 3060", 12 * GIB)
    assert Hardware("probed", gpus=(built_in, card)).cards == (card,)


def test_cards_of_two_makers_are_not_added_up() -> None:
    nvidia, amd = Gpu("nvidia", "RTX 3060", 12 * GIB), Gpu("amd", "RX 6800", 16 * GIB)
    assert Hardware("probed", gpus=(nvidia, amd)).cards == (amd,)


def mac(commands: Commands) -> Hardware:
    return probe_hardware(run=commands, system="Darwin", release="24.5.0", cpuinfo=Path("none"))


def test_a_mac_has_one_memory_and_its_gpu_a_share_of_it() -> None:
    found = mac(Commands(system_profiler=json.dumps(MAC), brand_string="Apple M3 Pro", neon="1", FEAT_I8MM="0"))
    (gpu,) = found.gpus
    assert (gpu.vendor, gpu.name, found.unified_memory) == ("apple", "Apple M3 Pro", True)
    assert found.ram_bytes is not None
    assert gpu.memory_bytes == gpu_share(found.ram_bytes)
    assert found.cpu_features == ("neon",)


def test_a_limit_that_a_person_has_set_goes_before_macos_own() -> None:
    (gpu,) = mac(Commands(system_profiler=json.dumps(MAC), iogpu="30720")).gpus
    assert gpu.memory_bytes == 30 * GIB
    (gpu,) = mac(Commands(system_profiler=json.dumps(MAC), iogpu="0")).gpus
    assert gpu.memory_bytes != 0


def test_macos_share_is_what_metal_was_seen_to_allow() -> None:
    # recommendedMaxWorkingSetSize: 10,922.67 and 21,845.34 MiB; 28,991.03 million bytes; 73,728 MiB.
    assert gpu_share(16 * GIB) / MIB == pytest.approx(10922.67, abs=0.01)
    assert gpu_share(32 * GIB) / MIB == pytest.approx(21845.33, abs=0.02)
    assert gpu_share(36 * GIB) / 1e6 == pytest.approx(28991.03, abs=0.01)
    assert gpu_share(96 * GIB) == 73728 * MIB


@pytest.mark.parametrize("said", [json.dumps(INTEL_MAC), "", "not json", "[]"])
def test_a_mac_without_such_a_gpu_or_without_an_answer_has_none(said: str) -> None:
    found = mac(Commands(system_profiler=said))
    assert (found.gpus, found.unified_memory) == ((), False)


def test_this_machine_can_be_probed() -> None:
    found = probe_hardware()
    assert found.source == "probed"
    assert found.ram_bytes is not None
    assert found.ram_bytes > 0
    assert describe(found)


def test_a_program_that_is_not_there_or_fails_says_nothing() -> None:
    assert run_command([sys.executable, "-c", "print('here')"]) == "here"
    assert run_command([sys.executable, "-c", "print('here'); raise SystemExit(1)"]) is None
    assert run_command(["no-such-program-of-ours"]) is None


@pytest.mark.parametrize(
    ("text", "cards", "ram"),
    [
        ("nvidia=24,ram=64", [("nvidia", 24)], 64),
        ("amd=16, ram=32", [("amd", 16)], 32),
        ("nvidia=24,nvidia=24,ram=128", [("nvidia", 24), ("nvidia", 24)], 128),
        ("NVIDIA=12GB,ram=16", [("nvidia", 12)], 16),
        ("ram=16", [], 16),
        ("nvidia=12", [("nvidia", 12)], 32),
    ],
)
def test_a_machine_can_be_described(text: str, cards: list[tuple[str, int]], ram: int) -> None:
    found = parse_machine(text)
    assert [(gpu.vendor, gpu.memory_bytes) for gpu in found.gpus] == [(vendor, size * GIB) for vendor, size in cards]
    assert (found.source, found.ram_bytes) == ("described", ram * GIB)


def test_memory_that_was_not_said_is_assumed_aloud() -> None:
    assert "32 GiB" in parse_machine("nvidia=12").notes[0]
    assert parse_machine("nvidia=12,ram=16").notes == ()


def test_a_described_mac_gets_its_gpu_s_share() -> None:
    found = parse_machine("apple=36")
    assert (found.unified_memory, found.ram_bytes, found.card_bytes) == (True, 36 * GIB, 27 * GIB)


def test_details_of_a_card_can_be_added() -> None:
    found = parse_machine("nvidia=24,ram=64,cc=8.6,name=RTX 3090,cores=12")
    assert (found.gpus[0].name, found.gpus[0].compute_capability, found.cores) == ("RTX 3090", (8, 6), 12)


@pytest.mark.parametrize(
    ("text", "piece"),
    [
        ("nvidia", "nvidia"),
        ("nvidia=big", "nvidia=big"),
        ("nvidia=0", "nvidia=0"),
        ("voodoo=4,ram=8", "voodoo=4"),
        ("ram=16,ram=32", "ram=32"),
        ("apple=36,ram=16", "apple=36,ram=16"),
        ("nvidia=24,cc=new", "cc=new"),
        ("ram=16,cc=8.6", "cc=8.6"),
        ("ram=16,cores=some", "cores=some"),
        ("cores=4", "cores=4"),
        ("", ""),
    ],
)
def test_a_description_that_cannot_be_read_names_the_piece_and_an_example(text: str, piece: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_machine(text)
    assert repr(piece) in caught.value.message
    assert "nvidia=24,ram=64" in caught.value.next_step


def test_a_server_elsewhere_is_said_to_be_unknown() -> None:
    assert "not known" in describe(Hardware.unknown())


def test_one_line_tells_a_person_what_the_machine_is() -> None:
    assert describe(parse_machine("nvidia=24,ram=64")) == ("described: NVIDIA card of 24 GiB, 64 GiB main memory")
    assert "27 GiB for the GPU" in describe(parse_machine("apple=36"))


def test_what_holds_a_card_back_is_said_in_words() -> None:
    pynvml = pytest.importorskip("pynvml")
    idle, warm = pynvml.nvmlClocksEventReasonGpuIdle, pynvml.nvmlClocksEventReasonSwThermalSlowdown
    assert slowed_by(pynvml, idle) == ()
    assert slowed_by(pynvml, idle | warm) == ("too warm",)
    assert slowed_by(SimpleNamespace(), 0xFF) == ()


def test_without_a_card_nothing_is_told_of_its_clocks() -> None:
    if gpu_readings():
        pytest.skip("this machine has an NVIDIA card")
    assert gpu_clocks_throttled() is None
