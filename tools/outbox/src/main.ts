import { startOutbox } from './start-outbox.ts'

const portOf = (name: string): number => Number(process.env[name] ?? 0)

const file = process.env['OUTBOX_FILE']
const outbox = await startOutbox({
  httpPort: portOf('OUTBOX_PORT'),
  smtpPort: portOf('OUTBOX_SMTP_PORT'),
  ...(file !== undefined && { file }),
})
const listening = { url: outbox.url, smtp: outbox.smtp }
if (process.send) process.send({ listening })
else console.log(`outbox: ${listening.url} takes SMS and push, ${listening.smtp} takes mail`)

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
