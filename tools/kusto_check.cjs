// Reads {name: query} from standard input and prints {name: [faults]}: what Microsoft's own parser of Kusto says of each
// query against the tables of Log Analytics that the app and the platform write to.
//
//     node tools/kusto_check.cjs < queries.json

require('@kusto/language-service-next/bridge.min.js');
require('@kusto/language-service-next/Kusto.Language.Bridge.min.js');

const { GlobalState, KustoCode, Symbols } = globalThis.Kusto.Language;

// https://learn.microsoft.com/azure/azure-monitor/reference/tables-category, the columns in use here.
const COMMON = 'TimeGenerated: datetime, OperationId: string, OperationName: string, AppRoleName: string, Properties: dynamic, ItemCount: int';
const TABLES = {
  AppTraces: `${COMMON}, Message: string, SeverityLevel: int`,
  AppRequests: `${COMMON}, Id: string, Name: string, Url: string, Success: bool, ResultCode: string, DurationMs: real`,
  AppDependencies: `${COMMON}, Id: string, Name: string, Target: string, Data: string, DependencyType: string, Success: bool, ResultCode: string, DurationMs: real`,
  AppMetrics: `${COMMON}, Name: string, Sum: real, Min: real, Max: real`,
};

const tables = Object.entries(TABLES).map(([name, columns]) => new Symbols.TableSymbol.$ctor7(name, `(${columns})`, null));
const globals = GlobalState.Default.WithDatabase(new Symbols.DatabaseSymbol.ctor('logs', tables));

function faults(query) {
  const found = KustoCode.ParseAndAnalyze(query, globals).GetDiagnostics();
  return Array.from({ length: found.Count }, (_, n) => found.getItem(n).Message);
}

let text = '';
process.stdin.on('data', (part) => { text += part; });
process.stdin.on('end', () => {
  const answers = Object.entries(JSON.parse(text)).map(([name, query]) => [name, faults(query)]);
  process.stdout.write(JSON.stringify(Object.fromEntries(answers)));
});
