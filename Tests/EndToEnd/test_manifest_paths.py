"""Which files `cattleguard check` finds below the paths it is given."""

import json

import harness

POD = "{apiVersion: v1, kind: Pod, metadata: {name: %s}, spec: {containers: [{name: c, image: x}]}}"


def checked(enforcing, *paths, **options):
    """The exit code, the names of the objects that violate, and the report."""
    done = harness.command(
        "check", "--policies", enforcing, "--format", "json", *paths, **options)
    report = json.loads(done.stdout)
    names = []
    for finding in report["findings"]:
        if finding["object"]["name"] not in names:
            names.append(finding["object"]["name"])
    return done.returncode, names, report


def write(folder, **files):
    for name, pod in files.items():
        path = folder / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(POD % pod)


def test_folders_are_searched_in_the_order_of_names(enforcing, tmp_path):
    write(
        tmp_path, b_yaml="b", a__z_yml="az", a__k_json="never", c_txt="never", readme="never",
        a__b__c_yaml="abc")
    (tmp_path / "a/k.json").write_text(
        '{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "ak"}, '
        '"spec": {"containers": [{"name": "c", "image": "x"}]}}')
    assert checked(enforcing, tmp_path)[:2] == (1, ["abc", "ak", "az", "b"])


def test_hidden_names_and_linked_folders_are_left_out(enforcing, tmp_path):
    write(tmp_path, a_yaml="a", **{"_hidden_yaml": "never", "_git__b_yaml": "never"})
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "linked.yaml").symlink_to(tmp_path / ".hidden.yaml")
    assert checked(enforcing, tmp_path)[:2] == (1, ["a", "never"])


def test_a_linked_folder_that_is_named_is_searched(enforcing, tmp_path):
    write(tmp_path, there__a_yaml="a")
    (tmp_path / "link").symlink_to(tmp_path / "there")
    assert checked(enforcing, tmp_path / "link")[:2] == (1, ["a"])


def test_a_file_that_is_named_may_be_called_anything(enforcing, tmp_path):
    write(tmp_path, manifest="a")
    assert checked(enforcing, tmp_path / "manifest")[:2] == (1, ["a"])


def test_what_cannot_be_read_is_a_problem_and_the_rest_is_checked(enforcing, tmp_path):
    write(tmp_path, z_yaml="z")
    (tmp_path / "broken.yaml").symlink_to("nowhere")
    (tmp_path / "empty").mkdir()
    code, names, report = checked(enforcing, tmp_path, tmp_path / "empty", tmp_path / "missing")
    assert (code, names) == (2, ["z"])
    assert [(problem["file"], problem["message"]) for problem in report["problems"]] == [
        (str(tmp_path / "broken.yaml"), "cannot be read: No such file or directory"),
        (str(tmp_path / "empty"), "the folder holds no *.yaml, *.yml or *.json"),
        (str(tmp_path / "missing"), "cannot be read: No such file or directory")]


def test_nothing_at_all_is_not_success(enforcing):
    code, _, report = checked(enforcing, "-", input=b"# nothing\n")
    assert code == 2
    assert report["problems"][0]["message"] == "no Kubernetes object found"
