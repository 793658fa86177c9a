import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Lift } from '~/pages/experiments/Lift'
import { globalHoldout } from '~/pages/experiments/trials'
import { Section } from '~/parts/Page'
import { Answered } from '~/parts/States'
import { t } from '~/words/language'
import { LiftWaiting } from './OverviewWaiting'

/** The one figure the rest is for. Read after everything else: it counts what everybody did for many months. */
export default function LiftCard() {
  const query = useQuery(globalHoldout)
  return (
    <Section
      title={t('What does marketing bring as a whole?')}
      note={
        <Link to="/experiments" search={{ tab: 'holdouts' }} className="link">
          {t('By period, and by journey')}
        </Link>
      }
    >
      <Answered query={query} what={t('The global holdout was not read')} waiting={<LiftWaiting />}>
        {(data) => <Lift data={data} />}
      </Answered>
    </Section>
  )
}
