import type { RewrapProgress } from '@strongroom/service'

/** A line for people. */
export function describeProgress({ state, version, done, total, secondsLeft, unopenable }: RewrapProgress): string {
  const broken = unopenable === 0 ? '' : ` ${String(unopenable)} rows do not open: strongroom-hsm verify names them.`
  const count = `${String(done)} of ${String(total)} rows`
  switch (state) {
    case 'none':
      return `Nothing was rewrapped to version ${String(version)} yet.`
    case 'running':
      return `Rewrapping to version ${String(version)}: ${count}${leftOf(secondsLeft)}.${broken}`
    case 'halted':
      return `Rewrapping to version ${String(version)} has halted at ${count}: start a worker of the app, or look at its parked jobs.${broken}`
    case 'finished':
      return `Every declared value is sealed by version ${String(version)}: ${count}.${broken}`
  }
}

const leftOf = (seconds: number | undefined): string =>
  seconds === undefined
    ? ''
    : `, about ${seconds < 120 ? `${String(Math.ceil(seconds))} s` : `${String(Math.ceil(seconds / 60))} min`} left`
