from mailwake.orgpackage.fields import fields_of, objects, own_objects

KINDS = {
    "Text": "string",
    "LongTextArea": "textarea",
    "Number": "double",
    "DateTime": "datetime",
    "Checkbox": "boolean",
    "Picklist": "picklist",
    "Lookup": "reference",
}


def schema(order):
    for of in [*own_objects(), *[o for o in objects() if o not in own_objects()]]:
        lines = []
        for f in fields_of(of):
            arg = (
                str(f.length)
                if f.length
                else (f"{f.digits},{f.decimals}" if f.digits else "|".join(f.values) if f.values else f.to)
            )
            flags = "CUN" + ("X" if f.key else "") + ("QS" if f.key == "unique" else "") + ("R" if f.values else "")
            more = f"rel={f.name.replace('__c', '__r')}" if f.to else ""
            lines.append(f"{f.name}; {KINDS[f.type]}; {flags}; {arg}; {more}")
        order("schema", object="Task" if of == "Activity" else of, fields=lines)
