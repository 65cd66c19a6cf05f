"use strict";
const box = document.getElementById("search");
if (box) {
  // Shows only those lines of the audit table that hold every word typed. Without this script the whole
  // table is there to be read.
  const rows = Array.from(document.querySelectorAll("#audit tbody tr"));
  const said = document.getElementById("found");
  document.getElementById("search-row").hidden = false;
  box.addEventListener("input", () => {
    const words = box.value.toLowerCase().split(/\s+/).filter((word) => word);
    let count = 0;
    for (const row of rows) {
      const text = row.textContent.toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
      count += row.hidden ? 0 : 1;
    }
    said.textContent = words.length ? count + " of " + rows.length + " lines" : "";
  });
}
// A screen on the wall stays fresh; whoever is searching is left alone.
setInterval(() => {
  if (!box || !box.value) location.reload();
}, 300000);
