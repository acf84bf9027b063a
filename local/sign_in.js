/* The local issuer behind the page's five sign-in functions: whoever you say you are. */
"use strict";
window.signIn = (() => {
  const KEY = "local.sign-in";
  const kept = () => JSON.parse(sessionStorage.getItem(KEY) ?? "null");

  const needed = (text) => Object.assign(new Error(text), { name: "SignInNeeded" });

  async function fetched(who) {
    const answer = await fetch(`/dev/token?${new URLSearchParams(who)}`);
    const told = await answer.json().catch(() => ({ error: { message: `${answer.status}` } }));
    if (!answer.ok) throw needed(told.error.message);
    sessionStorage.setItem(KEY, JSON.stringify({ who, token: told.token }));
    return told.token;
  }

  return {
    start: async () => {},
    token: async (fresh) => {
      const known = kept();
      if (!known) throw needed("Nobody is signed in.");
      return fresh ? fetched(known.who) : known.token;
    },
    signIn: (form) => fetched({ tenant: form.get("tenant"), roles: form.get("roles"), user: form.get("user") }),
    signOut: () => { sessionStorage.clear(); location.reload(); },
    account: () => kept()?.who.user ?? null,
    form: (home) => {
      if (home.querySelector("form")) return;
      const field = (name, value) => {
        const label = document.createElement("label");
        const input = document.createElement("input");
        Object.assign(input, { name, value, required: true });
        label.append(name, input);
        return label;
      };
      const form = document.createElement("form");
      const button = document.createElement("button");
      Object.assign(button, { type: "submit", className: "main", textContent: "Sign in" });
      form.append(field("tenant", "contoso"), field("roles", "Leads.Admin,Profile.Admin"), field("user", "ann"), button);
      home.replaceChildren(form);
    },
  };
})();
