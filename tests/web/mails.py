"""A mail with everything that a click map has to cope with, and clicks on it."""

from tests.insight import seeding
from tests.insight.seeding import HOUR, HUMAN, ON_DESKTOP, ON_PHONE, SCANNER

from mailwake.compose.options import ComposeOptions
from mailwake.compose.page import Page
from mailwake.events import EventType
from mailwake.insight.stores import Stores
from mailwake.markup.charset import read_text
from mailwake.store.state import Campaign, LinkRow

#: 1 and 2 one button, for Outlook and for the others; 3 a picture; 4 and 5 areas of a map; 6 text; 7 only in Outlook;
#: 8 leaves the list
HTML = b"""<!doctype html><html><head><title>Wool</title><style>@import url(https://evil.example/1.css);
@layer marks{[data-mw]::after{content:none!important}} [data-mw]::after{display:none!important;content:"fake"!important}
.wide{width:600px;background:#eef url(https://evil.example/2.png)} a{color:#0a5aa0}
</style><base href="https://evil.example/"><meta http-equiv="refresh" content="1;url=https://evil.example/3">
<script>document.title='ran';fetch('https://evil.example/4')</script></head>
<body bgcolor="#ffffff" onload="document.title='ran'"><table class="wide" align="center" width="600"><tr><td>
<p>Good morning, the autumn range is here.</p>
<!--[if mso]><v:roundrect xmlns:v="urn:schemas-microsoft-com:vml" href="https://shop.example.com/autumn"
 style="height:40px;width:200px"><center>See the range</center></v:roundrect><![endif]-->
<!--[if !mso]><!--><a href="https://shop.example.com/autumn" onclick="document.title='ran'"
 style="display:inline-block;padding:12px 24px;background:#0a5aa0;color:#fff;border-radius:6px">See the range</a>
<!--<![endif]--></td></tr><tr><td>
<a href="javascript:document.title='ran'"><img src="https://evil.example/hero.png" width="600" height="160"
 alt="A sheep in the rain" onerror="document.title='ran'"></a></td></tr><tr><td>
<img src="https://evil.example/map.png" width="600" height="120" usemap="#m" alt="Scarves and gloves"><map name="m">
<area shape="rect" coords="0,0,300,120" href="https://shop.example.com/scarves" alt="Scarves">
<area shape="rect" coords="300,0,600,120" href="https://shop.example.com/gloves" alt="Gloves"></map></td></tr><tr><td>
<p style="background:url(https://evil.example/5.png)">Read <a href="https://shop.example.com/blog/wool">how we choose
our wool</a>.</p><!--[if mso]><a href="https://shop.example.com/outlook">Outlook only</a><![endif]-->
<form action="https://evil.example/6"><input name="q" autofocus onfocus="document.title='ran'"><button>Go</button>
</form>
<iframe src="https://evil.example/7"></iframe><svg onload="document.title='ran'"><image href="https://evil.example/8"/>
</svg><p><a href="mailwake:unsubscribe">Unsubscribe</a></p></td></tr></table></body></html>"""

#: link to how many people, and how many machines, followed it
CLICKS = {1: (6, 2), 2: (44, 20), 3: (9, 20), 4: (14, 20), 5: (5, 20), 6: (21, 20), 7: (0, 3)}
COPIES = 200


def links_of(html: bytes) -> tuple[LinkRow, ...]:
    """What is stored of a mail's links."""
    text = read_text(html, None)
    assert text is not None
    return tuple(
        LinkRow(
            number=link.number,
            href=link.href,
            label=link.label,
            role=str(link.role),
            tracked=link.tracked or link.number == 3,
            where=link.where,
        )
        for link in Page(text, ComposeOptions()).links
    )


def mail(stores: Stores, name: str, *, html: bytes = HTML, times: float = 1) -> Campaign:
    """A campaign of which these clicks are known; on phones in France where the number of the link is even."""
    written = seeding.sending(stores, name, html=html, links=links_of(html), subject=f"{name}: autumn wool")
    written.people([f"{name.lower()}{number}@example.com" for number in range(COPIES)])
    for number in range(COPIES):
        written.add(EventType.SENT, number, number)
        written.add(EventType.DELIVERED, number, number + 1)
    for link, (people, machines) in CLICKS.items():
        place = ON_DESKTOP if link % 2 else ON_PHONE
        for number in range(round(people * times)):
            after = number + (HOUR / 2 if number % 2 else 30 * HOUR)
            written.add(EventType.CLICKED, number, after, link=link, role="cta", agent=9, **HUMAN, **place)
        for number in range(machines):
            at = COPIES - 1 - number
            written.add(EventType.CLICKED, at, at + 20, link=link, role="cta", agent=8, **SCANNER)
    written.write()
    return written.campaign
