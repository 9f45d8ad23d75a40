"""Other readers of JSON and YAML, and ours, on the same bytes."""

import functools
import json
import random
import re

import yaml

import harness

READER = harness.ROOT / ".build/differential/release/ReadDocuments"


def build_reader():
    done = harness.run(
        "swift", "build", "--configuration", "release",
        "--package-path", harness.ROOT / "Differential",
        "--scratch-path", harness.ROOT / ".build/differential", timeout=900)
    assert done.returncode == 0, (done.stdout + done.stderr).decode()


def ours(form, texts):
    """What our reader makes of each text: `documents`, and perhaps `error` and `kind`. Members are
    lists of pairs, numbers tuples of their text."""
    texts = list(texts)
    done = harness.run(
        READER, input=b"".join(b"%s %d\n%s" % (form.encode(), len(text), text) for text in texts))
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == len(texts)
    return [dict(json.loads(line, object_pairs_hook=Members, **NUMBERS)) for line in lines]


class Members(list):
    """The members of an object, in order: not to be taken for an array."""

    def __eq__(self, other):
        return isinstance(other, Members) and list.__eq__(self, other)


NUMBERS = {"parse_int": lambda text: (text,), "parse_float": lambda text: (text,)}


# JSON as Python reads it


class Refused(Exception):
    """Why a text is refused: `syntax`, or the word for a difference between readers."""


def python_json(text):
    """The value of a JSON text as Python's json reads it, held to the rules that we hold to and it
    does not: each is a line of the table in docs/documents.md."""
    try:
        value = json.loads(
            text.decode(), object_pairs_hook=_members, parse_constant=_refuse_constant, **NUMBERS)
    except ValueError as error:  # UnicodeDecodeError and JSONDecodeError among them
        raise Refused("syntax") from error
    if rb"\u" in text and _has_surrogate(value):
        raise Refused("half a surrogate pair")
    return value


def _members(pairs):
    if len({name for name, _ in pairs}) < len(pairs):
        raise Refused("duplicate name")
    return Members(pairs)


def _refuse_constant(name):
    raise Refused(name)


def _has_surrogate(value):
    if isinstance(value, str):
        return re.search("[\ud800-\udfff]", value) is not None
    if isinstance(value, list):
        return any(_has_surrogate(part) for part in value)
    return isinstance(value, tuple) and any(_has_surrogate(part) for part in value)


# YAML as libyaml's events tell it, put together by PyYAML's rules of types


def composed(text):
    """The documents of a text, from the events of PyYAML's binding to libyaml: mappings are
    `Members`, sequences lists, scalars `ScalarEvent`s; aliases are what they name. A second
    composer beside ours, by recursion, that types nothing."""
    events = iter(yaml.parse(text, Loader=yaml.CSafeLoader))
    documents, anchors = [], {}

    def value(event):
        if isinstance(event, yaml.AliasEvent):
            if anchors.get(event.anchor) is None:
                raise Refused("alias")
            return anchors[event.anchor]
        if event.anchor:
            anchors[event.anchor] = None
        made = collection(event)
        if event.anchor:
            anchors[event.anchor] = made
        return made

    def collection(event):
        if isinstance(event, yaml.ScalarEvent):
            return event
        if isinstance(event, yaml.SequenceStartEvent):
            return list(values(yaml.SequenceEndEvent))
        keys_and_values = iter(list(values(yaml.MappingEndEvent)))
        return Members(zip(keys_and_values, keys_and_values))

    def values(end):
        while not isinstance(event := next(events), end):
            yield value(event)

    for event in events:
        if isinstance(event, yaml.DocumentStartEvent):
            anchors.clear()
            documents.append(value(next(events)))
    return documents


@functools.lru_cache(maxsize=None)
def python_scalar(text):
    """What PyYAML, which follows YAML 1.1, makes of a plain scalar."""
    loader = yaml.SafeLoader("")
    try:
        tag = loader.resolve(yaml.ScalarNode, text, (True, False))
        return loader.construct_object(yaml.ScalarNode(tag, text), deep=True)
    except (ValueError, yaml.YAMLError):
        return text
    finally:
        loader.dispose()


# YAML as kubectl reads it

OPAQUE = "read, but kubectl does not show as what"
REFUSED = "refused"


def kubectl(program, folder, texts):
    """What kubectl makes of each text: its documents, `OPAQUE` or `REFUSED`. Where an object has no
    `kind`, kubectl complains and quotes as JSON what it has read: for any number of files at once,
    without a cluster, each complaint with the file's name. So the texts must name no kind."""
    texts = list(texts)
    for number, text in enumerate(texts):
        (folder / f"{number:05}.yaml").write_bytes(text)
    done = harness.run(
        program, "label", "--local", "--output=json", f"--filename={folder}", "checked=yes")
    answers = [[] for _ in texts]
    for line in done.stderr.decode().removeprefix("error: ").splitlines():
        number = re.search(r"/(\d{5})\.yaml", line)
        assert number, line
        number = int(number[1])
        said = re.search(r"Object 'Kind' is missing in '(.*)'$", line)
        if said:
            if isinstance(answers[number], list):
                answers[number].append(json.loads(said[1]))
        elif "cannot unmarshal" in line and "unable to decode" in line:
            answers[number] = OPAQUE
        else:
            answers[number] = REFUSED
    return answers


def canonical(value):
    """A value so that what Kubernetes cannot tell apart is equal: the order of members, and how a
    number is written."""
    if isinstance(value, Members):
        return {name: canonical(part) for name, part in value}
    if isinstance(value, dict):
        return {name: canonical(part) for name, part in value.items()}
    if isinstance(value, list):
        return [canonical(part) for part in value]
    if isinstance(value, tuple):
        return canonical(json.loads(value[0]))
    if isinstance(value, bool):
        return f"the boolean {value}"
    if isinstance(value, (int, float)):
        exact = isinstance(value, int) and -1 << 63 <= value < 1 << 63
        return ("number", value if exact else float(value))
    return value


# Damage


def damaged(text, random_numbers, tokens):
    """The text with one to three small accidents."""
    text = bytearray(text)
    for _ in range(random_numbers.choice((1, 1, 1, 2, 3))):
        at = random_numbers.randrange(len(text) + 1)
        length = random_numbers.choice((1, 1, 2, 5, 20))
        accident = random_numbers.randrange(8)
        if accident == 0 and at < len(text):
            text[at] ^= 1 << random_numbers.randrange(8)
        elif accident == 1:
            text[at:at] = bytes([random_numbers.randrange(256)])
        elif accident == 2:
            del text[at:at + length]
        elif accident == 3 and random_numbers.randrange(8) == 0:
            del text[at:]
        elif accident == 4:
            text[at:at] = text[at:at + length]
        elif accident == 5:
            start = random_numbers.randrange(len(text) + 1)
            text[at:at + length] = text[start:start + random_numbers.choice((1, 3, 10, 40))]
        elif accident == 6:
            text[at:at] = random_numbers.choice(tokens)
        else:
            text[at:at + length] = random_numbers.choice(tokens)
    return bytes(text)


def damage(texts, count, seed, tokens):
    """So many damaged texts, always the same of one seed."""
    random_numbers = random.Random(seed)
    return [damaged(random_numbers.choice(texts), random_numbers, tokens) for _ in range(count)]
