"use strict";
const byId = (id) => document.getElementById(id);

// Ages, by the clock of whoever reads. Without this script only moments stand there, which stay true.
/** A length of time as people say it, in its largest unit. */
function span(milliseconds) {
  const minutes = Math.floor(milliseconds / 60000);
  if (minutes < 1) return "less than a minute";
  const [count, unit] = minutes < 120 ? [minutes, "minute"]
    : minutes < 48 * 60 ? [Math.floor(minutes / 60), "hour"]
    : [Math.floor(minutes / (24 * 60)), "day"];
  return count + " " + unit + (count === 1 ? "" : "s");
}
const ages = Array.from(document.querySelectorAll("time.aging"), (time) => {
  const age = document.createElement("span");
  age.className = "age";
  time.after(age);
  return [Date.parse(time.dateTime), age];
});
const old = byId("old");
const isOld = () => old !== null && Date.now() > Date.parse(old.dataset.due);
function grow() {
  const now = Date.now();
  for (const [at, age] of ages) {
    // A clock that goes behind the one that wrote this knows no age.
    age.textContent = now < at - 60000 ? "" : " (" + span(now - at) + " ago)";
  }
  if (isOld() && old.hidden) {
    old.hidden = false;
    document.body.classList.add("is-old");
    const headline = document.querySelector("h1");
    headline.textContent = "Last known: " + headline.textContent;
    document.title = "Old: " + document.title;
  }
}
grow();
setInterval(grow, 20000);

const box = byId("search");
if (box) {
  // Shows only those lines of the audit tables that hold every word typed. Without this script the whole
  // tables are there to be read.
  const rows = Array.from(document.querySelectorAll("#audit tbody tr, #rows tbody tr"));
  const said = byId("found");
  const folded = document.querySelectorAll("#audit details, #rows details");
  byId("search-row").hidden = false;
  box.addEventListener("input", () => {
    const words = box.value.toLowerCase().split(/\s+/).filter((word) => word);
    let count = 0;
    for (const row of rows) {
      const text = row.textContent.toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
      count += row.hidden ? 0 : 1;
    }
    for (const part of folded) part.open = words.length > 0;
    said.textContent = words.length ? count + " of " + rows.length + " lines" : "";
  });
}
// A screen on the wall stays fresh. Whoever searches or has unfolded something is left alone, until the
// page is old.
setInterval(() => {
  const isRead = (box && box.value) || document.querySelector("details[open]");
  if (!isRead || isOld()) location.reload();
}, 300000);
