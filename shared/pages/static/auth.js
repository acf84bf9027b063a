/* Signs in with Microsoft Entra ID: authorization code with PKCE by redirect, tokens in this tab only (U4).
   The page knows these five functions and nothing of MSAL, so that another sign-in can stand in their place. */
"use strict";
window.signIn = (() => {
  let client = null;
  let request = null;

  async function start(config, loadScript) {
    await loadScript(config.msal);
    request = { scopes: [config.scope], redirectUri: new URL(config.bridge, location.href).href };
    client = await msal.createStandardPublicClientApplication({
      auth: { clientId: config.client, authority: config.authority, redirectUri: request.redirectUri },
      cache: { cacheLocation: "sessionStorage" },
    });
    const came = await client.handleRedirectPromise();
    if (came) client.setActiveAccount(came.account);
    else if (!client.getActiveAccount()) client.setActiveAccount(client.getAllAccounts()[0] ?? null);
  }

  const needed = (text) => Object.assign(new Error(text), { name: "SignInNeeded" });

  /* Raises SignInNeeded where somebody has to sign in; anything else is a fault on the way. */
  async function token(fresh) {
    const account = client.getActiveAccount();
    if (!account) throw needed("Nobody is signed in.");
    try {
      return (await client.acquireTokenSilent({ ...request, account, forceRefresh: fresh })).accessToken;
    } catch (problem) {
      throw problem instanceof msal.InteractionRequiredAuthError ? needed(problem.message) : problem;
    }
  }

  return {
    start,
    token,
    signIn: () => client.loginRedirect(request),
    signOut: () => {
      // Read first: it is kept in what is cleared.
      const account = client.getActiveAccount();
      Object.keys(sessionStorage).filter((key) => key.includes("draft:")).forEach((key) => sessionStorage.removeItem(key));
      return client.logoutRedirect({ account });
    },
    account: () => client?.getActiveAccount()?.name ?? null,
  };
})();
