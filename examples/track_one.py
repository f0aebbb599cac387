# ruff: noqa: INP001 - a program, not part of a package
"""Send one tracked message.

    python examples/track_one.py anna@example.com

Needs a mailwake.toml in this folder (`mailwake init`) and a mail server on port 25.
"""

import smtplib
import sys
from email.message import EmailMessage

import mailwake

recipient = sys.argv[1]

message = EmailMessage()
message["From"], message["To"], message["Subject"] = "news@example.com", recipient, "Hello"
message.set_content("Hello! https://example.com/")
message.add_alternative('<p>Hello!</p><a href="https://example.com/">Look here</a>', subtype="html")

tracker = mailwake.open("mailwake.toml")
tracked = tracker.track(message, recipient=recipient, campaign="hello")
with smtplib.SMTP("127.0.0.1", 25) as smtp:
    smtp.sendmail("news@example.com", [recipient], tracked)
