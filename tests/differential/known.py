"""The differences that are decided: known_differences.txt, whose blocks say when a disagreement is explained, who is right and why.

  id:       a name, counted in the report
  peer:     dynalite or moto
  class:    outcome, content or message
  where:    operations, as a regular expression that must match whole (any, if absent)
  request:  regular expression, searched in the request's JSON, and of a read after a write also in the write's, behind " after " (optional)
  varve:    regular expression, searched in Varve's answer as a report shows it
  other:    the same for the peer's answer
  judge:    another peer that must agree with Varve on this request, if it takes part in the run (optional)
  right:    varve, peer, both (undefined, or an equivalent) or neither
  why:      the specification's line, in words
"""
import os
import re
from dataclasses import dataclass

PATH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "known_differences.txt")
RIGHTS = {"varve", "peer", "both", "neither"}


@dataclass
class Known:
    id: str
    peer: str
    kind: str
    where: object
    request: object
    varve: object
    other: object
    judge: str
    right: str
    why: str

    def explains(self, disagreement, request_text, judges):
        return (self.peer == disagreement.peer and self.kind == disagreement.kind and self.where.fullmatch(disagreement.operation)
                and self.varve.search(disagreement.varve) and self.other.search(disagreement.other) and self.request.search(request_text)
                and judges.get(self.judge, True))


def parse_block(block):
    members = {}
    for line in block.splitlines():
        name, colon, content = line.partition(":")
        if not colon:
            raise ValueError(f"{PATH}: no member: {line!r}")
        members[name.strip()] = content.strip()
    unknown = set(members) - {"id", "peer", "class", "where", "request", "varve", "other", "judge", "right", "why"}
    if unknown or not members.get("id") or not members.get("why") or members.get("right") not in RIGHTS:
        raise ValueError(f"{PATH}: block {members.get('id')!r} lacks a member or has a strange one: {unknown}")
    pattern = lambda name, default: re.compile(members.get(name, default), re.DOTALL)
    return Known(members["id"], members["peer"], members["class"], pattern("where", ".*"), pattern("request", ""), pattern("varve", ""),
                 pattern("other", ""), members.get("judge"), members["right"], members["why"])


def load(path=PATH):
    with open(path, encoding="utf-8") as file:
        lines = [line for line in file.read().splitlines() if not line.startswith("#")]
    blocks = [block.strip("\n") for block in re.split(r"\n\s*\n", "\n".join(lines))]
    return [parse_block(block) for block in blocks if block.strip()]


def explanation(known, disagreement, request_text, judges):
    for one in known:
        if one.explains(disagreement, request_text, judges):
            return one
    return None
