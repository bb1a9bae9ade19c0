import { hostname } from 'node:os'

export const whereAmI = () => hostname()
