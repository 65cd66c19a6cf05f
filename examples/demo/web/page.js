// Shows the state that the server tells, and sends what is pressed. Everything is put in as text.
"use strict";

const by = (id) => document.getElementById(id);

/** The member chosen for the buttons at the desk. */
let chosen = null;
/** The state as last told. */
let state = null;
/** An action is on its way; further presses wait for nothing and do nothing. */
let isBusy = false;

/** An element with a class and what is in it: text, or further elements. */
function make(name, kind, ...content) {
  const element = document.createElement(name);
  if (kind) element.className = kind;
  element.append(...content.filter((part) => part !== null));
  return element;
}

/** Words of one or many. */
function many(count, one) {
  return `${count} ${one}${count === 1 ? "" : "s"}`;
}

/** A mark that is seen, with words that are heard too. */
function mark(kind, sign, ...words) {
  const hidden = make("span", "sign", sign);
  hidden.setAttribute("aria-hidden", "true");
  return make("span", `mark ${kind}`, hidden, " ", ...words);
}

function was(text) {
  return text === null ? null : make("span", "mark changed", ` was ${text}`);
}

function turned(isSo) {
  return isSo ? mark("changed", "▲", "changed") : null;
}

function paidCell(paid) {
  const until = make("span", "date", paid.until);
  const standing = paid.counts ? null
    : mark("not", "–", paid.is_active ? "has ended" : "inactive");
  return [until, standing, turned(paid.turned), was(paid.was)];
}

function doorCell(held) {
  if (held === null) return [make("span", "date", "not known here")];
  const until = make("span", "date", held.until ?? "no end");
  const standing = held.opens ? mark("opens", "✓", "opens") : mark("shut", "✕", "stays shut");
  let sign = null;
  if (held.differs) sign = mark("differs", "!", held.opens ? "has not paid" : "has paid");
  return [until, standing, sign, turned(held.turned), was(held.was)];
}

function carCell(car) {
  if (car === null) return [make("span", "mark not", "no car")];
  return [make("span", "mark", car.plate), ...doorCell(car.held)];
}

/** Fills a cell, and lights it up where it changed. */
function fill(cell, parts, isChanged) {
  cell.replaceChildren(...parts.filter((part) => part !== null));
  cell.classList.toggle("is-changed", isChanged);
}

/** A number below a name, with what it is for those who hear. */
function note(what, number) {
  return make("span", "note", make("span", "unseen", ` ${what} `), number);
}

/** A row for somebody: made once, so that the choice and the focus stay. */
function newRow(row) {
  const line = make("tr", "");
  line.setAttribute("role", "row");
  const who = make("div", "who");
  const head = make("th", "", who);
  head.scope = "row";
  head.setAttribute("role", "rowheader");
  if (row.number === null) {
    who.append(make("span", "label", make("span", "name", row.name), note("person", row.person)));
  } else {
    const radio = make("input", "");
    radio.type = "radio";
    radio.name = "member";
    radio.value = String(row.number);
    radio.id = `member-${row.number}`;
    radio.addEventListener("change", () => choose(row.number));
    const label = make("label", "label", make("span", "name", row.name), note("member", String(row.number)));
    label.htmlFor = radio.id;
    who.append(radio, label);
    line.addEventListener("click", () => {
      radio.checked = true;
      choose(row.number);
    });
  }
  const cells = ["paid", "door", "door", "barrier"].map((kind) => make("td", kind));
  cells.forEach((cell) => cell.setAttribute("role", "cell"));
  line.append(head, ...cells);
  return line;
}

function showPeople() {
  for (const row of state.people) {
    const id = `row-${row.person}`;
    let line = by(id);
    if (line === null) {
      line = newRow(row);
      line.id = id;
      by(row.number === null ? "others" : "members").append(line);
    }
    const [, paid, ...doors] = line.cells;
    const barrier = doors.pop();
    if (row.paid === null) {
      for (const cell of [paid, barrier]) cell.replaceChildren(make("span", "note", "–"));
    } else {
      fill(paid, paidCell(row.paid), row.paid.was !== null || row.paid.turned);
      const held = row.car?.held;
      fill(barrier, carCell(row.car), held !== undefined && (held.was !== null || held.turned));
    }
    paid.dataset.label = "paid until";
    barrier.dataset.label = "barrier";
    doors.forEach((cell, place) => {
      const held = row.doors[place];
      cell.dataset.label = state.doors[place].name;
      fill(cell, doorCell(held), held !== null && (held.was !== null || held.turned));
    });
  }
}

/** The person of the chosen member in the state. */
function chosenRow() {
  return state.people.find((row) => row.number === chosen);
}

function choose(number) {
  chosen = number;
  for (const line of by("members").rows) {
    const radio = line.querySelector("input");
    line.classList.toggle("is-chosen", Number(radio.value) === number);
    radio.checked = Number(radio.value) === number;
  }
  showButtons();
}

/** What a button does next depends on how things stand. */
function turn(selector, action, words, about) {
  const button = document.querySelector(selector);
  button.dataset.action = action;
  button.textContent = words;
  by(button.getAttribute("aria-describedby")).textContent = about;
}

function showButtons() {
  const row = chosenRow();
  by("chosen").textContent = row.name;
  if (row.paid.is_active) {
    turn("[aria-describedby=about-inactivate]", "inactivate", "Mark inactive",
      "Switched off; the date stays.");
  } else {
    turn("[aria-describedby=about-inactivate]", "activate", "Mark active",
      "Switched on again.");
  }
  state.doors.forEach((door, place) => {
    const selector = `[aria-describedby=about-door-${place}]`;
    if (door.is_plugged) {
      turn(selector, "unplug", `Unplug ${door.name}`,
        "No network: it keeps its dates.");
    } else {
      turn(selector, "plug", `Plug in ${door.name}`,
        "The next sync catches up by itself.");
    }
    by(`door-${place}-name`).textContent = door.name;
    const note = by(`door-${place}`);
    note.textContent = door.is_plugged ? "can be reached" : "✕ unplugged";
    note.classList.toggle("is-bad", !door.is_plugged);
  });
  if (state.is_export_empty) {
    turn("[aria-describedby=about-export]", "mend-export", "Mend the list",
      "Cardskipper lists everybody again.");
  } else {
    turn("[aria-describedby=about-export]", "empty-export", "Empty the list",
      "Cardskipper answers, and lists nobody.");
  }
  const note = by("export");
  note.textContent = state.is_export_empty ? "✕ lists nobody" : "lists all members";
  note.classList.toggle("is-bad", state.is_export_empty);
  by("approval").hidden = state.waiting.length === 0;
}

function showSaid() {
  const said = state.said;
  by("output").hidden = said === null;
  if (said === null) {
    by("ending").textContent = "Press sync, diff or lookup: the real program runs, and its words stand here.";
    return;
  }
  by("ending").textContent = `Exit code ${said.code}: ${said.meaning}.`;
  const output = by("output");
  const words = said.stderr + said.stdout;
  output.textContent = `$ ${said.command}\n`
    + (words === "" ? "(nothing is printed: there is nothing new to say)" : words);
}

function showLines() {
  const changes = state.history.map((change) => make("li", "",
    make("span", "when", change.at),
    ` ${change.name}, ${change.door}: ${change.before} → ${change.after} (${change.why}). `,
    make("span", "note", `Run ${change.run}: ${change.outcome}.`)));
  const nothing = make("li", "note", "Nothing yet.");
  by("history").replaceChildren(...(changes.length === 0 ? [nothing] : changes));
  const done = state.log.map((entry) =>
    make("li", "", make("span", "when", entry.at), ` ${entry.what}`));
  by("log").replaceChildren(...done);
}

function show(told) {
  state = told;
  by("clock").textContent = state.clock;
  showPeople();
  if (chosen === null) choose(state.people[0].number);
  showButtons();
  showSaid();
  showLines();
}

/** One sentence about what came of an action, read aloud by a screen reader. */
function result(action) {
  const changed = state.people.flatMap((row) => row.doors)
    .filter((held) => held !== null && held.was !== null).length;
  if (action === "start-over") return "The club is as it was in the beginning.";
  const words = ["sync", "diff", "lookup", "approve"].includes(action)
    ? `${state.said.command} ended with ${state.said.code}: ${state.said.meaning}.`
    : state.log[0].what;
  if (!["sync", "approve", "month"].includes(action)) return words;
  return `${words} ${changed === 0 ? "No date on a door changed." : `${many(changed, "date")} on the doors changed.`}`;
}

function say(words, kind) {
  const place = by("result");
  place.className = `result ${kind}`;
  place.textContent = words;
}

/** Brings what came of an action into sight, below the buttons, which stay where they are. */
function reveal(action) {
  measure();
  const changed = document.querySelector("tr.is-chosen .is-changed") ?? document.querySelector(".is-changed");
  const isTold = ["diff", "lookup"].includes(action);
  const isRun = isTold || ["sync", "approve", "month"].includes(action);
  const effect = isTold || (isRun && changed === null) ? by("said") : changed?.closest("tr");
  if (!effect) return;
  const room = innerHeight - by("happens").offsetHeight;
  effect.scrollIntoView({ block: effect.offsetHeight < room ? "nearest" : "start" });
}

/** How much of the window the buttons take, for what must not be hidden by them. */
function measure() {
  const place = by("happens");
  const height = getComputedStyle(place).position === "sticky" ? place.offsetHeight + 8 : 0;
  document.documentElement.style.setProperty("--taken", `${height}px`);
}

function busy(isSo) {
  isBusy = isSo;
  document.body.toggleAttribute("data-busy", isSo);
  for (const button of document.querySelectorAll("button")) {
    button.setAttribute("aria-disabled", String(isSo));
  }
}

async function act(button) {
  if (isBusy) return;
  const action = button.dataset.action;
  const order = { action };
  if (["extend", "cancel", "inactivate", "activate", "lookup"].includes(action)) order.member = chosen;
  if (["plug", "unplug"].includes(action)) order.door = state.doors[button.dataset.place].name;
  busy(true);
  try {
    const answer = await fetch("/do", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(order),
    });
    const told = await answer.json();
    if (!answer.ok) throw new Error(told.error);
    if (action === "start-over") chosen = null;
    show(told);
    const isRun = ["sync", "diff", "lookup", "approve", "month"].includes(action);
    say(result(action), isRun && state.said.code !== 0 ? "is-bad" : "is-done");
    reveal(action);
    if (button.offsetParent === null) document.querySelector("[data-action=sync]").focus();
  } catch (error) {
    say(`That did not work: ${error.message}`, "is-bad");
  } finally {
    busy(false);
  }
}

async function begin() {
  addEventListener("resize", measure);
  for (const button of document.querySelectorAll("button")) {
    button.addEventListener("click", () => act(button));
  }
  busy(true);
  try {
    const answer = await fetch("/state");
    show(await answer.json());
    measure();
    busy(false);
  } catch (error) {
    say(`The club does not answer: ${error.message}. Is the demo still running?`, "is-bad");
  }
}

begin();
