# SPDX-License-Identifier: Apache-2.0
"""Fabric Gateway client, enrolment, wallet, tasks, and the ``pmcb`` command."""
