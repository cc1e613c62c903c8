// Keeps the results of the open question current, and votes without leaving the page.
// Without this script the page still works: the buttons are an ordinary form.
"use strict";

const poll = document.getElementById("poll");
const state = document.getElementById("state");
const page = `/questions/${poll.dataset.question}`;

function show(question) {
  document.getElementById("total").textContent = question.total;
  for (const choice of question.choices) {
    const row = poll.querySelector(`[data-choice="${choice.id}"]`);
    const share = question.total ? Math.round((100 * choice.votes) / question.total) : 0;
    row.querySelector(".bar").style.width = `${share}%`;
    row.querySelector(".share").textContent = `${share}%`;
    row.querySelector(".votes").textContent = choice.votes;
  }
  const banner = document.getElementById("banner");
  banner.hidden = !question.image;
  if (question.image) banner.src = `/images/${question.image}`;
}

function connect(wait) {
  const socket = new WebSocket(`${location.origin.replace("http", "ws")}${page}/live`);
  socket.onopen = () => { state.textContent = "live"; wait = 500; };
  socket.onmessage = (event) => show(JSON.parse(event.data));
  socket.onclose = () => {
    state.textContent = "reconnecting";
    setTimeout(connect, wait, Math.min(2 * wait, 10000));
  };
}

document.getElementById("ballot").addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = event.submitter;
  const answer = await fetch(`/api${page}/votes`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ choice: Number(button.value) }),
  });
  if (!answer.ok) return;
  for (const row of poll.querySelectorAll(".choice")) row.classList.toggle("mine", row === button);
  show(await answer.json());
});

connect(500);
