import { Chip } from '~/parts/Chip'
import { t } from '~/words/language'
import { percent } from '~/words/numbers'
import { EffectBar } from './EffectBar'
import styles from './Experiments.module.css'
import type { Found, Paths } from './trials'
import { sentence } from './verdict'
import { worthChange } from './worth'

const SETTLED = 0.95

/** The gain against an even split, as the effect it is. */
export function gainOf({ gain }: Paths): Found {
  const { difference, low, high, confidence } = gain
  if (gain.status !== 'estimated' || difference == null || low == null || high == null) return { status: 'inconclusive', reason: gain.reason ?? '' }
  return { status: 'estimated', value: difference, low, high, confidence: confidence ?? 0.95, p_value: null }
}

interface Said {
  tone: 'good' | 'warn' | 'plain'
  chip: string
  title: string
  means: string
  todo: string
}

/** What is so of a step, in words, and what to do about it. */
export function pathsVerdict(step: Paths): Said {
  const people = step.paths.reduce((sum, each) => sum + each.people, 0)
  const best = step.paths.toSorted((one, other) => other.best - one.best)[0]!
  const most = step.paths.toSorted((one, other) => other.share - one.share)[0]!
  const knows = t('“{{path}}” is the best path with a chance of {{chance}}; {{share}} of people outside the slice are sent down it.', { path: best.path, chance: percent(best.best, 0), share: percent(best.share, 0) })
  if (people === 0) {
    return { tone: 'plain', chip: t('Nobody yet'), title: t('Nobody has come to it yet'), means: t('Until somebody has, people are divided evenly.'), todo: t('Check that the journey runs and that people enter it.') }
  }
  if (step.mode === 'declared') {
    return { tone: 'good', chip: t('Winner declared'), title: t('“{{path}}” was declared the winner', { path: most.path }), means: knows, todo: t('Nothing more is learnt of the others while nobody takes them. Let it learn again if things change.') }
  }
  if (step.mode === 'manual' || step.mode === 'frozen') {
    const title = step.mode === 'manual' ? t('Shares are set by hand') : t('Shares are frozen')
    return { tone: 'warn', chip: step.mode === 'manual' ? t('By hand') : t('Frozen'), title, means: knows, todo: t('Let it learn again when you want it to follow what works.') }
  }
  if (best.best >= SETTLED) {
    return {
      tone: 'good',
      chip: t('Nearly settled'),
      title: t('“{{path}}” is very likely the best', { path: best.path }),
      means: knows,
      todo: t('Nothing: it goes on trying the others a little. Declare the winner if you want everybody to get it.'),
    }
  }
  return { tone: 'plain', chip: t('Still learning'), title: t('“{{path}}” leads', { path: best.path }), means: knows, todo: t('Nothing: what is not known yet is tried, and shares follow what works.') }
}

export function PathsVerdict({ step }: { step: Paths }) {
  const said = pathsVerdict(step)
  const gain = gainOf(step)
  return (
    <section className={styles.verdict} data-tone={said.tone} aria-labelledby="verdict">
      <div className={styles.verdictWords}>
        <Chip tone={said.tone} dot>
          {said.chip}
        </Chip>
        <h2 id="verdict">{said.title}</h2>
        <p>{said.means}</p>
        <p>
          <strong>{t('What to do:')}</strong> {said.todo}
        </p>
      </div>
      <div className={styles.hero}>
        <span className={styles.heroLabel}>{t('What learning brings a person, against dividing evenly')}</span>
        {gain.status === 'estimated' ? (
          <>
            <span className={styles.heroValue}>{worthChange(gain.value, step)}</span>
            <EffectBar found={gain} worse={false} width={264} label={t('{{gain}}, between {{low}} and {{high}}', { gain: worthChange(gain.value, step), low: worthChange(gain.low, step), high: worthChange(gain.high, step) })} />
            <span className={styles.heroNote}>
              {t('{{confidence}} interval {{low}} to {{high}}', { confidence: percent(gain.confidence, 0), low: worthChange(gain.low, step), high: worthChange(gain.high, step) })}
              {gain.low <= 0 && gain.high >= 0 ? `. ${t('It may be chance.')}` : ''}
            </span>
          </>
        ) : (
          <>
            <span className={styles.heroEmpty}>{t('Too early to say')}</span>
            <span className={styles.heroNote}>{sentence(gain.reason)}</span>
          </>
        )}
      </div>
    </section>
  )
}
