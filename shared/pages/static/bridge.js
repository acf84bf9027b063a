/* Hands what the sign-in answered to the page that asked. */
"use strict";
window.msalRedirectBridge.broadcastResponseToMainFrame().catch((problem) => {
  document.getElementById("message").textContent = problem.message;
});
