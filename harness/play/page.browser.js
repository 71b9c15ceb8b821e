const table = document.querySelector("table");
const rows = table.tBodies[0];
const dataOf = (value) => (value === undefined || Object.keys(value).length === 0 ? "" : JSON.stringify(value));

function show({ at, system, action, type, key, reference, data }) {
  const row = rows.insertRow(0);
  row.className = type;
  const time = new Date(at).toISOString().slice(11, 23);
  for (const text of [time, system, action, type, key, reference ?? "", dataOf(data)])
    row.insertCell().textContent = text;
  table.hidden = false;
  document.querySelector("#none").hidden = true;
  document.querySelector("#count").textContent = `(${rows.rows.length})`;
}

async function follow() {
  const { body } = await fetch("/ledger");
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  for (let rest = ""; ; ) {
    const { value, done } = await reader.read();
    if (done) return;
    const lines = (rest + value).split("\n");
    rest = lines.pop();
    for (const line of lines) show(JSON.parse(line));
  }
}

for (const select of document.querySelectorAll("select"))
  select.addEventListener("change", () => fetch(`/behaviours/${select.name}`, { method: "PUT", body: select.value }));
follow();
