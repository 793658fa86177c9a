/** Every kind of insight, in the order they are offered. */
import type { AnyKind } from '../kind'
import type { Kind } from '../question'
import { flow } from './flow'
import { funnel } from './funnel'
import { interval } from './interval'
import { lifecycle } from './lifecycle'
import { pivot } from './pivot'
import { retention } from './retention'
import { revenue } from './revenue'
import { rfm } from './rfm'
import { stickiness } from './stickiness'
import { sticky } from './sticky'
import { trend } from './trend'

export const INSIGHTS = [trend, funnel, retention, flow, lifecycle, stickiness, sticky, interval, revenue, pivot, rfm] as unknown as AnyKind[]

export const insightOf = (kind: Kind): AnyKind => INSIGHTS.find((each) => each.kind === kind)!
