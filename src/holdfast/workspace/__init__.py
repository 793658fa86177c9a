"""The workspace: Holdfast from Python, with nothing to start and nothing to await.

>>> import holdfast
>>> ws = holdfast.open("my-data")  # doctest: +SKIP
>>> ws.track([{"user_id": "ann", "event": "Order Completed", "properties": {"revenue": 59.9}}])  # doctest: +SKIP
>>> ws.count(holdfast.did("Order Completed", within_days=30))  # doctest: +SKIP
1
"""

from holdfast.workspace.intake import Tracked
from holdfast.workspace.loop import Segment
from holdfast.workspace.workspace import Workspace, open_workspace

__all__ = ["Segment", "Tracked", "Workspace", "open_workspace"]
