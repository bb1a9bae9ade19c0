const began = Date.now() - Math.round(performance.now())

// Whoever reads us may leave (`npm start | head`): what follows notices for itself and ends in order.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined)

export const say = (text) => console.error(`[${((Date.now() - began) / 1000).toFixed(1)}s] ${text}`)

export function die(text) {
  console.error(`\n${text}\n`)
  process.exit(1)
}
