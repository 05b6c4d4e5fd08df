# SPDX-License-Identifier: Apache-2.0
"""Clouds that fail, and clouds that lie."""

from pmcb_services.retrieval.cloud import MemoryCloud
from pmcb_services.retrieval.errors import CloudUnavailable


class Clock:
    """Seconds that pass when told to."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


class Killed(BaseException):
    """The process ends here: nothing catches it."""


class Meddled:
    """A cloud with a hook around every request.

    Args:
        inner: the cloud that keeps the bytes.

    Attributes:
        before: called with the method's name and arguments; what it raises is raised.
        after: called with the name, the arguments and the answer; returns the answer.
    """

    def __init__(self, inner=None):
        self.clock = Clock()
        self.inner = MemoryCloud(clock=self.clock) if inner is None else inner
        self.before = lambda *_: None
        self.after = lambda _name, _args, answer: answer

    def __getattr__(self, name):
        method = getattr(self.inner, name)

        def call(*args):
            self.before(name, args)
            return self.after(name, args, method(*args))

        return call

    def honest(self):
        """Meddle no more, and let the lease of whoever was killed run out."""
        self.before = lambda *_: None
        self.after = lambda _name, _args, answer: answer
        self.clock.now += 60

    def die_at(self, name, count, *, after=False):
        """Kill the process at the ``count``-th request of this name, before or after its work."""
        left = [count]

        def hook(called, *rest):
            if called == name:
                left[0] -= 1
                if left[0] == 0:
                    raise Killed
            return rest[-1]

        if after:
            self.after = hook
        else:
            self.before = hook

    def fail(self, name, times, *, after=False):
        """Let requests of this name find no answer, so many times; perhaps after their work."""
        left = [times]

        def hook(called, *rest):
            if called == name and left[0] > 0:
                left[0] -= 1
                raise CloudUnavailable("No answer.")
            return rest[-1]

        if after:
            self.after = hook
        else:
            self.before = hook
