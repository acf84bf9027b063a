// Loaded into Azurite: when the local host is gone, however it ended, end as a SIGTERM would, so that everything is saved.
let ending = false;
// A listener that stays: Azurite's own hears one SIGTERM only, and a second would end it in the middle of saving.
process.on("SIGTERM", () => (ending = true));
const end = () => ending || process.kill(process.pid, "SIGTERM");
process.stdin.on("end", end).on("error", end).resume();
process.stdin.unref();
