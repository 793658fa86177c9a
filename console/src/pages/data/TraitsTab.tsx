import { useQuery } from '@tanstack/react-query'
import { traitNames } from '~/api/queries'
import { PeopleDrawing } from '~/parts/Drawings'
import pageStyles from '~/parts/Page.module.css'
import { Answered, Empty } from '~/parts/States'
import tableStyles from '~/parts/Table.module.css'
import { t } from '~/words/language'
import { PropertyTable } from './PropertyTable'

export function TraitsTab() {
  const query = useQuery(traitNames)
  return (
    <Answered query={query} what={t('The traits did not load')}>
      {(traits) =>
        traits.length > 0 ? (
          <div className={tableStyles.block} tabIndex={0} role="region" aria-label={t('Traits')}>
            <PropertyTable what={t('Trait')} properties={traits} />
          </div>
        ) : (
          <div className={pageStyles.card}>
            <Empty title={t('No traits yet')} drawing={<PeopleDrawing />}>
              {t('What identify calls say about people shows here.')}
            </Empty>
          </div>
        )
      }
    </Answered>
  )
}
