// Keeps Azurite from saving while it runs, which it does every five seconds after a change, answering nobody meanwhile:
// with fifty thousand leads that is most of what would be measured. It still saves when it ends.
const Loki = require("lokijs");
Loki.prototype.autosaveEnable = () => {};
