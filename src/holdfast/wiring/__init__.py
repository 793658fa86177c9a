"""Wiring: Settings in, a running application out. With `places`, the only package that knows adapters."""

from holdfast.wiring.application import FINISH_SECONDS, Application, Named, Progress
from holdfast.wiring.assembling import assemble, stage_of
from holdfast.wiring.choices import Choices, as_chosen
from holdfast.wiring.helping import Helping, assemble_helping
from holdfast.wiring.mail import Mail, open_mail
from holdfast.wiring.opening import open_application, open_asking
from holdfast.wiring.rules import rules_of
from holdfast.wiring.sending import Sending, assemble_sending

__all__ = [
    "FINISH_SECONDS",
    "Application",
    "Choices",
    "Helping",
    "Mail",
    "Named",
    "Progress",
    "Sending",
    "as_chosen",
    "assemble",
    "assemble_helping",
    "assemble_sending",
    "open_application",
    "open_asking",
    "open_mail",
    "rules_of",
    "stage_of",
]
