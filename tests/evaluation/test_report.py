"""Tables that can be read where they are shown."""

from rich.console import Console

from vidmem.evaluation.report import markdown, table

MEASURES = ("J", "F", "JF", "J_recall", "F_recall", "J_decay", "F_decay", "J_official_decay", "V")
REPORT = {
    **dict.fromkeys(MEASURES, 0.8123),
    "fps": 11.0,
    "config_hash": "abc",
    "sequences": {"motocross-jump": {**dict.fromkeys(MEASURES, 0.5), "frames": 40, "fps": 11.0}},
}


def test_numbers_are_whole_in_a_terminal_of_eighty_columns():
    console = Console(width=80)
    with console.capture() as captured:
        console.print(table(REPORT))
    shown = captured.get()
    assert "\u2026" not in shown and "motocross-jump" in shown and "0.812" in shown


def test_a_report_of_one_video_goes_down_the_page():
    figures = ("d1", "abs_rel", "scale_std", "confident_d1", *MEASURES)
    console = Console(width=40)
    with console.capture() as captured:
        console.print(table({**dict.fromkeys(figures, 0.8123), "tae": None, "config_hash": "abc"}))
    shown = captured.get()
    assert "\u2026" not in shown
    assert all(name in shown for name in (*figures[:4], "J", "JF")) and "tae" not in shown


def test_pages_have_every_column():
    page = markdown(REPORT, title="toys")
    header, _, mean, row = page.splitlines()[-4:]
    assert all(f" {name} |" in header for name in (*MEASURES, "fps", "frames"))
    assert mean.startswith("| **mean** | 0.812 |") and row.startswith("| motocross-jump | 0.500 |")
