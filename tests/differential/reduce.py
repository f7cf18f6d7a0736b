"""A minimal history that still shows one disagreement: fewer steps first, then a smaller last request."""
import copy


def without(steps, begin, end):
    return steps[:begin] + steps[end:]


def fewer_steps(steps, shows):
    """Delta debugging over all steps but the last."""
    size = max(1, (len(steps) - 1) // 2)
    while True:
        begin = 0
        while begin < len(steps) - 1:
            candidate = without(steps, begin, min(begin + size, len(steps) - 1))
            if shows(candidate):
                steps = candidate
            else:
                begin += size
        if size == 1:
            return steps
        size //= 2


def smaller_bodies(node):
    """Each document that lacks one member or element of this one."""
    if isinstance(node, dict):
        for name in node:
            yield {key: content for key, content in node.items() if key != name}
        for name, content in node.items():
            for smaller in smaller_bodies(content):
                yield {**node, name: smaller}
    elif isinstance(node, list):
        for index in range(len(node)):
            yield without(node, index, index + 1)
        for index, content in enumerate(node):
            for smaller in smaller_bodies(content):
                yield node[:index] + [smaller] + node[index + 1:]


def smaller_requests(steps, shows, budget):
    changed = True
    while changed and budget > 0:
        changed = False
        for index in range(len(steps) - 1, -1, -1):
            for body in smaller_bodies(steps[index].get("body", {})):
                budget -= 1
                if budget <= 0:
                    return steps
                candidate = copy.copy(steps)
                candidate[index] = {**steps[index], "body": body}
                if shows(candidate):
                    steps, changed = candidate, True
                    break
    return steps


def reduced(steps, shows, budget=400):
    """`shows(steps)` plays a history and tells whether its last step still disagrees in the same way."""
    if not shows(steps):
        return None
    return smaller_requests(fewer_steps(steps, shows), shows, budget)
