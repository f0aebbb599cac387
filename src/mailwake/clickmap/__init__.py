"""A mail as it was sent, shown as a drawing in which every link is marked: hostile HTML in, inert HTML out.

`marking` finds the links where composing found them, so that the numbers agree; `cleaning` leaves of the mail what
lays it out and nothing that loads, runs or leads anywhere; `pictures` puts a stand-in for each picture and turns image
maps into boxes; `sheet` writes the page with its marks. What is counted is not known here: a mark is told what to say.
"""
