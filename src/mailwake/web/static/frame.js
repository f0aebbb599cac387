// What stands around every page: offers the time zone of the browser, and closes menus. Pages are complete without it.

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
for (const offer of document.querySelectorAll("[data-offer-zone]")) {
  if (!zone || zone === offer.dataset.offerZone) continue;
  offer.querySelector("span").textContent = zone;
  offer.addEventListener("click", () => { offer.form.elements["zone-name"].value = zone; });
  offer.hidden = false;
}

const open = () => document.querySelectorAll(".top details[open]");
addEventListener("click", (event) => {
  for (const menu of open()) if (!menu.contains(event.target)) menu.open = false;
});
addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of open()) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});
