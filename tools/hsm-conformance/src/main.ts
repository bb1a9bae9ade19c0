import { runConformance } from './run-conformance.ts'

process.exitCode = await runConformance(process.argv.slice(2), {
  say: (text) => console.log(text),
  complain: (line) => console.error(line),
})
