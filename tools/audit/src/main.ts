import { runAudit } from './run-audit.ts'

process.exitCode = await runAudit(process.argv.slice(2), {
  say: (line) => console.log(line),
  complain: (line) => console.error(line),
})
