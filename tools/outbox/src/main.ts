import { startOutbox } from './start-outbox.ts'

const portOf = (name: string): number => Number(process.env[name] ?? 0)

const { OUTBOX_FILE: file, OUTBOX_PUSH_FILE: pushFile } = process.env
const outbox = await startOutbox({
  httpPort: portOf('OUTBOX_PORT'),
  smtpPort: portOf('OUTBOX_SMTP_PORT'),
  pushPort: portOf('OUTBOX_PUSH_PORT'),
  ...(file !== undefined && { file }),
  ...(pushFile !== undefined && { pushFile }),
})
const listening = { url: outbox.url, smtp: outbox.smtp, push: outbox.push.url }
if (process.send) process.send({ listening })
else console.log(`outbox: look at ${listening.url}; ${listening.smtp} takes mail, ${listening.push} pushes`)

let ending = false
const end = () => {
  if (ending) return
  ending = true
  void outbox.stop().finally(() => process.exit(0))
}
process.once('SIGTERM', end)
process.once('SIGINT', end)
// Whoever started us is gone.
process.once('disconnect', end)
