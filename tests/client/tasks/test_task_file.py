# SPDX-License-Identifier: Apache-2.0
import hashlib

import pytest

from pmcb_client.tasks import Field, read_task_file
from pmcb_client.usage_errors import TaskFileError


def changed(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    return path


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("receivers: 9", "recievers: 9", "line 10: unknown key 'recievers'.*mean 'receivers'"),
        ("receivers: 9\n", "", "lacks the key 'receivers'"),
        ("receivers: 9", "receivers: 9\nreceivers: 8", "line 11: the key 'receivers' stands twice"),
        ("receivers: 9", "receivers: 0", "line 10: 'receivers' must be a whole number from 1"),
        ("receivers: 9", "receivers: nine", "'receivers' must be a whole number"),
        ("receivers: 9", "receivers: true", "'receivers' must be a whole number"),
        ("receivers: 9", "9: 9", "line 10: a key must be text"),
        ("reward: 0", "reward: -1", "line 11: 'reward'"),
        ("accept_for: 2d", "accept_for: 2", "line 12: 'accept_for' must be a duration like 2d"),
        ("accept_for: 2d", "accept_for: 0d", "'accept_for' must be a duration"),
        ("accept_for: 2d", "accept_for: 367d", "'accept_for' must be a duration"),
        ("accept_for: 2d", "accept_for: 8d", "'submit_for' must not end before"),
        ("[HospitalBMSP/verifier1]", "[HospitalBMSP]", "line 14: 'verifiers' takes persons"),
        ("[HospitalBMSP/verifier1]", "[B/a, B/b]", "must name 1, 3 or 5 different"),
        ("[HospitalBMSP/verifier1]", "[B/a, B/a, B/b]", "must name 1, 3 or 5 different"),
        ("[HospitalBMSP/verifier1]", "B/a", "'verifiers' must be a list"),
        ("HospitalBMSP/records", "records", "line 15: 'institution' takes persons"),
        ("results_to: institution", "results_to: me", "'results_to' must be institution or"),
        ("results_to: institution", "series: abc", "'series' must be 32"),
        ("results_to: institution", f"series: {'1' * 32}", "'series' must be 32.*quotes"),
        ("apart: [[bp, meds]]", "apart: [[bp, bp]]", "line 7: 'apart' takes pairs"),
        ("apart: [[bp, meds]]", "apart: [bp]", "'apart' takes pairs"),
        ("apart: [[bp, meds]]", "apart: [[bp, gone]]", "names the question 'gone'"),
        ("[[diastolic, systolic], [heart_rate, systolic]]", "[bp]", "line 8: 'plausible' takes"),
        ("[diastolic, systolic]", "[systolic, systolic]", "two different fields"),
        ("[diastolic, systolic]", "[diastolic, gone]", "the field 'gone', which no question"),
        ("[diastolic, systolic]", "[taken, systolic]", "'taken' is a list of values"),
        ("[heart_rate, systolic]", "[diastolic, systolic]", "'diastolic' and 'systolic' twice"),
        ("fields: [heart_rate]", "fields: [at]", "line 4: 'at' is the time of measurement"),
        ("[heart_rate, systolic]", "[systolic, diastolic]", "'systolic' and 'diastolic' twice"),
        ("shared: true", "shared: maybe", "line 4: 'shared' must be true or false"),
        ("id: hr", "id: bp", "line 4: the question 'bp' stands twice"),
        ("id: hr", "id: 'h r'", "'id' takes names"),
        ("id: hr", "id: no", "'id' must be text; put it into quotes"),
        (", sensitivity: 1", "", "line 4: a question lacks the key 'sensitivity'"),
        ("sensitivity: 1", "sensitivity: 6", "'sensitivity' must be a whole number from 1 to 5"),
        ("sensitivity: 1", "sensitivity: 1, secert: x", "unknown key 'secert'.*mean 'secret'"),
        ("[heart_rate]", "[]", "'fields' must name at least one"),
        ("[heart_rate]", "[pulse]", "line 4: the field 'pulse' is not described"),
        ("title: Home blood-pressure study", "title: ''", "'title' must be 1 to 200"),
        ("title: Home blood-pressure study", 'title: "a\\u001b[2Jb"', "printable characters"),
        ("title: Home blood-pressure study", "title: [", "not valid YAML"),
        ("title: Home blood-pressure study", "title: !!python/name:os.system x", "not valid YAML"),
        ("notice: notice.md", "notice: gone.md", "line 9: cannot read gone.md"),
        ("notice: notice.md", "notice: ../notice.md", "must name a file beside"),
        ("notice: notice.md", "notice: /etc/hostname", "must name a file beside"),
    ],
)
def test_a_mistake_is_named_with_its_line(task_path, old, new, complaint):
    """The first mistake is named in words that a releaser understands."""
    with pytest.raises(TaskFileError, match=complaint) as refused:
        read_task_file(changed(task_path, old, new))
    assert str(refused.value).startswith("study.yaml")
    assert refused.value.exit_code == 2


@pytest.mark.parametrize("text", ["", "- a\n", "just text\n", "\xff", "[" * 1500])
def test_a_file_that_is_no_task_is_refused(task_path, text):
    """Empty files, lists, texts, other encodings and bottomless nesting are refused."""
    task_path.write_bytes(text.encode("latin-1"))
    with pytest.raises(TaskFileError):
        read_task_file(task_path)


def test_a_huge_file_is_refused(task_path):
    """Nobody writes a mebibyte by hand."""
    task_path.write_text("#" * (1 << 20) + "\n")
    with pytest.raises(TaskFileError, match="larger than 1 MiB"):
        read_task_file(task_path)


def test_an_empty_notice_is_refused(task_path):
    """Receivers consent to something."""
    (task_path.parent / "notice.md").write_text(" \n")
    with pytest.raises(TaskFileError, match="notice is empty"):
        read_task_file(task_path)


@pytest.mark.parametrize("data", [b"\xff\xfe", b"a\x1b[2Jb", b"a\0b"])
def test_a_notice_that_is_no_text_is_refused(task_path, data):
    """It is shown on terminals."""
    (task_path.parent / "notice.md").write_bytes(data)
    with pytest.raises(TaskFileError, match="line 9: the notice must be text in UTF-8"):
        read_task_file(task_path)


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ("{}", "must be a list"),
        ("- pulse", "must be a field"),
        ("- {name: a, unit: x, min: 2, max: 2}", "line 1: 'min' must be less"),
        ("- {name: a, unit: x, min: 1, max: .inf}", "'max' must be a number"),
        (
            f"- {{name: a, unit: x, min: 1, max: 1{'0' * 400}}}",
            "line 1: 'max' must be a number",
        ),
        ("- {name: a, unit: x, min: -9007199254740993, max: 2}", "'min' must be a number of 2"),
        ("- {name: a, unit: x, min: 1, max: 2, step: 0}", "'step' must be greater"),
        ("- {name: a, unit: x, min: 0, max: 100, step: 5.0e-324}", "line 1: 'step' is too small"),
        ("- {name: a, unit: x, min: 1}", "a field lacks the key 'max'"),
        ("- {name: a, values: [one]}", "at least two different values"),
        ("- {name: a, values: [yes, no]}", "put yes, no, true and false in quotes"),
        ("- {name: a, values: [b, c], ordered: maybe}", "'ordered' must be true or false"),
        ("- {name: a, values: [b, c]}\n- {name: a, values: [b, c]}", "line 2: .*stands twice"),
    ],
)
def test_a_mistake_in_the_fields_is_named(task_path, fields, complaint):
    """Complaints about fields.yaml name that file."""
    (task_path.parent / "fields.yaml").write_text(fields)
    with pytest.raises(TaskFileError, match=complaint) as refused:
        read_task_file(task_path)
    assert str(refused.value).startswith("fields.yaml")


def test_the_example_is_read(task_path):
    """Every key of the example arrives, durations in milliseconds."""
    task = read_task_file(task_path)
    assert task.title == "Home blood-pressure study"
    assert [question.id for question in task.questions] == ["bp", "hr", "meds"]
    assert task.questions[0].fields == ("systolic", "diastolic")
    assert task.questions[2].secret == "protocol B"
    assert task.apart == (("bp", "meds"),)
    assert task.plausible == (("diastolic", "systolic"), ("heart_rate", "systolic"))
    assert [question.shared for question in task.questions] == [False, True, False]
    assert (task.receivers, task.reward) == (9, 0)
    assert (task.accept_for_ms, task.submit_for_ms) == (172_800_000, 604_800_000)
    assert task.verifiers == ("HospitalBMSP/verifier1",)
    assert task.institution == "HospitalBMSP/records"
    assert (task.results_to, task.series) == ("institution", "")
    assert task.fields["taken"] == Field("taken", values=("no", "yes"))
    assert task.fields["systolic"].as_document()["step"] == 1
    notice = (task_path.parent / "notice.md").read_bytes()
    assert task.notice_hash == hashlib.sha256(notice).hexdigest()


def test_what_may_be_left_out(task_path):
    """Fields, apart, reward, results_to and series have defaults; hours and minutes are known."""
    for old in ("fields: fields.yaml\n", "apart: [[bp, meds]]\n",
                "plausible: [[diastolic, systolic], [heart_rate, systolic]]\n", "reward: 0\n",
                "results_to: institution\n"):  # fmt: skip
        changed(task_path, old, "")
    changed(task_path, "accept_for: 2d", "accept_for: 90m")
    changed(task_path, "submit_for: 7d", "submit_for: 36h")
    task = read_task_file(task_path)
    assert (task.fields, task.apart, task.reward, task.results_to) == ({}, (), 0, "institution")
    assert (task.accept_for_ms, task.submit_for_ms) == (5_400_000, 129_600_000)


def test_the_digest_covers_the_files_named(task_path):
    """Another notice is another task."""
    before = read_task_file(task_path).digest
    assert read_task_file(task_path).digest == before
    (task_path.parent / "notice.md").write_text("Something else.\n")
    assert read_task_file(task_path).digest != before
