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

  /* Raises where somebody has to sign in. */
  async function token(fresh) {
    const account = client.getActiveAccount();
    if (!account) throw new Error("Nobody is signed in.");
    const found = await client.acquireTokenSilent({ ...request, account, forceRefresh: fresh });
    return found.accessToken;
  }

  return {
    start,
    token,
    signIn: () => client.loginRedirect(request),
    signOut: () => { sessionStorage.clear(); return client.logoutRedirect({ account: client.getActiveAccount() }); },
    account: () => client?.getActiveAccount()?.name ?? null,
  };
})();
