import type { ArmResult, Effect, Result } from '~/api/types'
import { Interval, leaning, sharedRange } from '~/parts/Interval'
import { money } from '~/words/money'
import { capital, goalWords } from '~/words/happenings'
import { count, NONE, percent, points, signed } from '~/words/numbers'
import styles from './Inspector.module.css'

/** Treated against holdout: the goal, then money, each with its interval; never an effect alone. */
export function ResultPanel({ result }: { result: Result }) {
  const { arms, currency } = result
  // While both wait for the same thing, it is said once.
  const same = reason(result.conversion) !== '' && reason(result.conversion) === reason(result.revenue_per_person)
  const best = Math.max(0.0001, ...arms.map((arm) => arm.conversion_rate ?? 0))
  const most = Math.max(0.0001, ...arms.map((arm) => arm.revenue_per_person_minor ?? 0))
  return (
    <>
      <section className={styles.section}>
        <h3>{goalWords(result.goal)}, by arm</h3>
        {arms.map((arm) => (
          <Arm key={arm.arm} arm={arm} share={(arm.conversion_rate ?? 0) / best} value={percent(arm.conversion_rate)} />
        ))}
        <EffectBox
          effect={result.conversion}
          difference={(effect) => points(effect.difference)}
          ends={(effect) => `${signed(effect.low * 100)} to ${signed(effect.high * 100)}`}
        />
      </section>
      <section className={styles.section}>
        <h3>Revenue per person</h3>
        {arms.map((arm) => (
          <Arm key={arm.arm} arm={arm} share={(arm.revenue_per_person_minor ?? 0) / most} value={each(arm, currency)} />
        ))}
        {!same && (
          <EffectBox
            effect={result.revenue_per_person}
            difference={(effect) => money(effect.difference, currency, true)}
            ends={(effect) => `${money(effect.low, currency, true)} to ${money(effect.high, currency, true)}`}
          />
        )}
      </section>
      {!same && (
        <section className={styles.section}>
          <p className={styles.words}>{result.words}</p>
        </section>
      )}
      <Arms arms={arms} currency={currency} />
    </>
  )
}

const reason = (effect: Effect) => (effect.status === 'inconclusive' ? effect.reason : '')

const control = (arm: ArmResult) => arm.arm === 'holdout'
const armName = (arm: ArmResult) => arm.arm.charAt(0).toUpperCase() + arm.arm.slice(1)

const each = (arm: ArmResult, currency: string) => (arm.revenue_per_person_minor === null ? NONE : money(arm.revenue_per_person_minor, currency))

function Arm({ arm, share, value }: { arm: ArmResult; share: number; value: string }) {
  return (
    <div className={styles.arm}>
      <span>{armName(arm)}</span>
      <div className={styles.track} data-control={control(arm) || undefined} aria-hidden="true">
        <div style={{ inlineSize: `${Math.max(0, share) * 100}%` }} />
      </div>
      <span>{value}</span>
    </div>
  )
}

type Estimated = Extract<Effect, { status: 'estimated' }>

interface EffectProps {
  effect: Effect
  difference: (effect: Estimated) => string
  ends: (effect: Estimated) => string
}

function EffectBox({ effect, difference, ends }: EffectProps) {
  if (effect.status === 'inconclusive') {
    return (
      <p className={styles.effect}>
        <strong>Too early to say.</strong> {capital(effect.reason)}.
      </p>
    )
  }
  const says = `${difference(effect)}, ${percent(effect.confidence, 0)} interval ${ends(effect)}`
  return (
    <div className={styles.effect} data-leaning={leaning(effect)}>
      <p>
        <strong>{difference(effect)}</strong> against the holdout, {percent(effect.confidence, 0)} interval <span className={styles.ends}>{ends(effect)}</span>
        {leaning(effect) === 'neutral' ? '. It may be nothing.' : '.'}
      </p>
      <Interval effect={effect} range={sharedRange([effect])} width={264} label={says} />
    </div>
  )
}

function Arms({ arms, currency }: { arms: ArmResult[]; currency: string }) {
  return (
    <section className={styles.section}>
      <h3>What was counted</h3>
      <dl className={styles.facts}>
        {arms.map((arm) => (
          <div key={arm.arm}>
            <dt>{armName(arm)}</dt>
            <dd>
              {count(arm.people)} people, {count(arm.converted)} converted
              <br />
              {count(arm.orders)} orders, {money(arm.revenue_minor, currency)}
              {arm.open_people > 0 && (
                <>
                  <br />
                  <span className="quiet">{count(arm.open_people)} still have time</span>
                </>
              )}
            </dd>
          </div>
        ))}
      </dl>
    </section>
  )
}
