"""Which host mail carries depends on one From address in the clear, and on nothing that could be read in two ways."""

from tests.every import every

from mailwake.send.sender import sender_domain


@every(
    ("value", "domain"),
    [
        ("news@brand.example", "brand.example"),
        (" news@brand.example ", "brand.example"),
        ("<news@brand.example>", "brand.example"),
        ("Brand <news@brand.example>", "brand.example"),
        ("The Brand, Inc. <news@brand.example>".replace(",", ""), "brand.example"),
        ('"Brand, Inc. <x@other.example>" <news@brand.example>', "brand.example"),
        ('"say \\"hi\\", x@other.example" Team <news@brand.example>', "brand.example"),
        ("=?utf-8?q?Gr=C3=BC=C3=9Fe?= <news@brand.example>", "brand.example"),
        ("Möller & Söhne <news@brand.example>", "brand.example"),
        ("Brand <News+tag=a@Brand.EXAMPLE.>", "brand.example"),
        ('"a b@c"@brand.example', "brand.example"),
        ("news@bücher.example", "xn--bcher-kva.example"),
        ("news@xn--bcher-kva.example", "xn--bcher-kva.example"),
    ],
)
def test_one_address_in_the_clear_says_whose_mail_it_is(value: str, domain: str) -> None:
    assert sender_domain((value,)) == domain


@every(
    "values",
    [
        (),
        ("",),
        ("   ",),
        ("Brand",),
        ("news@",),
        ("@brand.example",),
        ("news@brand.example", "news@brand.example"),
        ("news@brand.example, other@brand.example",),
        ("Brand <news@brand.example>, Other <x@other.example>",),
        ("Brand, Inc. <news@brand.example>",),
        ("x@other.example <news@brand.example>",),
        ("Brand <news@brand.example> x",),
        ("Brand <news@brand.example><x@other.example>",),
        ("Brand: news@brand.example;",),
        ("undisclosed:;",),
        ("news@brand.example (Brand)",),
        ("(x@other.example) news@brand.example",),
        ("=?utf-8?q?news=40brand.example?=",),
        ("=?utf-8?q?Brand_=3Cnews=40brand.example=3E?=",),
        ("=?utf-8?q?news?=@brand.example",),
        ("news@=?utf-8?q?brand.example?=",),
        ("Brand <@relay.example:news@brand.example>",),
        ("news@[192.0.2.1]",),
        ("news@brand..example",),
        ("news@brand.example\x00",),
        ("news @brand.example",),
        ('"Brand <news@brand.example>',),
        ("news@" + "a" * 64 + ".example",),
        ('"' + "\\" * 50_000,),
        ("a" * 100_000 + "<",),
        ("<" * 100_000,),
    ],
)
def test_everything_else_carries_the_default_host(values: tuple[str, ...]) -> None:
    assert sender_domain(values) is None
