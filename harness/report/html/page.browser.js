// What a browser adds to the report: copy buttons, and in a timeline the details of the event that is pointed at.
// The page says everything without it; details come from the table of events, so nothing is embedded twice.

document.documentElement.classList.add("with-script");

for (const button of document.querySelectorAll("button.copy")) {
  button.addEventListener("click", async () => {
    const code = button.parentElement.querySelector("code");
    try {
      await navigator.clipboard.writeText(code.textContent);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(code);
      button.textContent = "Selected";
    }
    setTimeout(() => {
      button.textContent = "Copy";
    }, 1500);
  });
}

for (const timeline of document.querySelectorAll(".timeline")) {
  const view = timeline.querySelector(".view");
  const cursor = timeline.querySelector(".cursor");
  const detail = timeline.querySelector(".detail .event");
  const marks = [...timeline.querySelectorAll(".chunk > .mark")];
  const evidence = marks.filter((mark) => mark.classList.contains("evidence"));
  let pinned;

  /** Shows the event of a mark; `undefined` shows none. */
  const show = (mark) => {
    detail.replaceChildren(...(mark ? describe(mark) : []));
    detail.classList.toggle("open", mark !== undefined);
    cursor.style.display = mark ? "block" : "none";
    if (mark) for (const name of ["--o", "--t"]) cursor.style.setProperty(name, mark.style.getPropertyValue(name));
    for (const other of timeline.querySelectorAll(".related")) other.classList.remove("related");
    const operation = mark?.dataset.operation;
    if (operation === undefined) return;
    const same = timeline.querySelectorAll(`[data-operation="${CSS.escape(operation)}"]`);
    for (const other of same) other.classList.add("related");
  };

  const pin = (mark) => {
    pinned?.classList.remove("selected");
    pinned = mark;
    pinned?.classList.add("selected");
    show(pinned);
  };

  const go = (mark) => {
    if (mark === undefined) return;
    pin(mark);
    mark.scrollIntoView({ block: "nearest", inline: "nearest" });
  };

  const step = (list, by) => {
    const at = list.indexOf(pinned);
    if (at >= 0) return list[at + by];
    const after = pinned ? list.findIndex((mark) => marks.indexOf(mark) > marks.indexOf(pinned)) : 0;
    return list[by > 0 ? after : after < 0 ? list.length - 1 : Math.max(0, after - 1)];
  };

  view.addEventListener("pointerover", (event) => {
    if (event.pointerType === "touch") return;
    const mark = event.target.closest(".chunk > .mark");
    if (mark) show(mark);
  });
  view.addEventListener("pointerleave", () => show(pinned));
  view.addEventListener("click", (event) => {
    const mark = event.target.closest(".chunk > .mark");
    if (mark) event.preventDefault();
    pin(mark === pinned ? undefined : (mark ?? undefined));
  });
  view.addEventListener("keydown", (event) => {
    const to = {
      ArrowDown: () => step(marks, 1),
      ArrowUp: () => step(marks, -1),
      ArrowRight: () => step(evidence, 1),
      ArrowLeft: () => step(evidence, -1),
      Home: () => marks[0],
      End: () => marks.at(-1),
    }[event.key];
    if (event.key === "Escape") pin(undefined);
    if (!to) return;
    event.preventDefault();
    go(to());
  });
  for (const button of timeline.querySelectorAll("[data-step]")) {
    button.addEventListener("click", () => go(step(evidence, Number(button.dataset.step))));
  }

  let zoom = 1;
  const setZoom = (to) => {
    zoom = Math.min(64, Math.max(0.25, to));
    timeline.style.setProperty("--zoom", String(zoom));
    if (timeline.classList.contains("real")) thinOut([...evidence, ...marks], zoom);
  };
  for (const button of timeline.querySelectorAll("[data-zoom]")) {
    button.addEventListener("click", () => setZoom(zoom * Number(button.dataset.zoom)));
  }
  for (const radio of timeline.querySelectorAll(".switch input")) {
    radio.addEventListener("change", () => {
      timeline.classList.toggle("real", radio.value === "time");
      for (const mark of marks) mark.classList.remove("crowded");
      setZoom(zoom);
      pinned?.scrollIntoView({ block: "nearest" });
    });
  }
  for (const link of timeline.parentElement.querySelectorAll(".evidence-list a")) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      view.scrollIntoView({ block: "nearest" });
      go(marks.find((mark) => mark.id === link.hash.slice(1)));
      view.focus({ preventScroll: true });
    });
  }
}

/** Hides the labels of marks that would lie upon those of earlier ones in `marks`; their symbols stay. */
function thinOut(marks, zoom) {
  const height = 15;
  const taken = new Map();
  for (const mark of new Set(marks)) {
    const lane = mark.style.getPropertyValue("--l");
    const inside = Number(mark.style.getPropertyValue("--d")) * zoom * 0.25;
    const top = Number(mark.style.getPropertyValue("--t")) * zoom + Math.min(9, Math.max(-9, inside));
    const slot = Math.floor(top / height);
    const near = [slot - 1, slot, slot + 1].map((place) => taken.get(`${lane} ${place}`));
    const crowded = near.some((other) => other !== undefined && Math.abs(other - top) < height);
    mark.classList.toggle("crowded", crowded);
    if (!crowded) taken.set(`${lane} ${slot}`, top);
  }
}

/** The number, time, words and JSON of a mark's event, from its row in the table. */
function describe(mark) {
  const row = document.getElementById(mark.hash.slice(1));
  if (!row) return [];
  const [number, at, words, event] = [...row.cells].map((cell) => cell.textContent);
  const element = (name, className, text) => {
    const made = document.createElement(name);
    made.className = className;
    made.textContent = text;
    return made;
  };
  return [
    element("p", "when", `event ${number}, at ${at} ms`),
    element("p", "", words),
    element("pre", "", pretty(event)),
  ];
}

function pretty(json) {
  try {
    return JSON.stringify(JSON.parse(json), null, 2);
  } catch {
    return json;
  }
}
