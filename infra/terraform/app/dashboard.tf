# Everything an operator looks at first. Alerts can't be made as code (no resource, no API): README.md lists them.
locals {
  # An empty answer, not an error, is what a wrong label gives: the names are those of the services' metric references.
  of_folder = "project=\"folder__${var.platform.folder_id}\""

  charts = {
    for name in keys(local.functions) : name => {
      # The reference calls resource_id the function's id; the service has been seen to give its name.
      of_function = "${local.of_folder}, service=\"serverless-functions\", resource_id=\"${local.function_ids[name]}|${local.resource_names[name]}\""
      of_queue    = "${local.of_folder}, service=\"message-queue\", queue=\"${local.resource_names[name]}\""
      # A metric made from log lines (README.md, "Outcomes as a metric").
      of_outcomes = "${local.of_folder}, service=\"logging_aggregates\", function=\"${name}\""
    }
  }

  function_panels = {
    for name, of in local.charts : name => concat(
      contains(keys(local.queued), name) ? [
        {
          id = "messages", title = "Messages a second", stack = false
          queries = [
            "alias(\"queue.messages.sent_count_per_second\"{${of.of_queue}}, \"sent\")",
            "alias(\"queue.messages.received_count_per_second\"{${of.of_queue}}, \"received\")",
            "alias(\"queue.messages.deleted_count_per_second\"{${of.of_queue}}, \"settled\")",
          ]
        },
        {
          id = "depth", title = "Queue: messages waiting and in work", stack = false
          queries = [
            "alias(\"queue.messages.stored_count\"{${of.of_queue}}, \"stored\")",
            "alias(\"queue.messages.inflight_count\"{${of.of_queue}}, \"in work\")",
          ]
        },
        {
          # Its name says milliseconds; its values are seconds.
          id      = "age", title = "Queue: age of the oldest message, s", stack = false
          queries = ["alias(\"queue.messages.oldest_age_milliseconds\"{${of.of_queue}}, \"age\")"]
        },
      ] : [],
      [
        {
          id      = "outcomes", title = "Outcomes by class, a minute", stack = true
          queries = ["series_sum(\"outcome\", \"aistudio_outcomes\"{${of.of_outcomes}})"]
        },
        {
          # Its own, of the dead letters that all share.
          id      = "parked", title = "Parked messages, a minute", stack = false
          queries = ["alias(series_sum(\"aistudio_outcomes\"{${of.of_outcomes}, end=\"dead_lettered\"}), \"parked\")"]
        },
        {
          id = "latency", title = "Invocations: duration and wait, ms", stack = false
          queries = [
            "alias(series_avg(\"functions_avg_duration\"{${of.of_function}}), \"average\")",
            "alias(series_max(\"functions_max_duration\"{${of.of_function}}), \"longest\")",
            "alias(series_max(\"functions_max_queue_duration\"{${of.of_function}}), \"longest wait\")",
          ]
        },
        {
          id = "failures", title = "Invocations: failures and throttles", stack = false
          queries = [
            "alias(series_sum(\"functions_errors\"{${of.of_function}}), \"failed\")",
            "alias(series_sum(\"functions_throttles\"{${of.of_function}}), \"throttled\")",
            "alias(series_sum(\"functions_inflight\"{${of.of_function}}), \"running\")",
          ]
        },
      ],
    )
  }

  shared_panels = [
    {
      id = "parked", title = "Parked messages", stack = false
      queries = [
        for name in ["stored_count", "sent_count_per_second"] :
        "alias(\"queue.messages.${name}\"{${local.of_folder}, service=\"message-queue\", queue=\"${yandex_message_queue.dead_letters.name}\"}, \"${name}\")"
      ]
    },
    {
      id = "parked-age", title = "Parked messages: age of the oldest, s (lost after 14 days)", stack = false
      queries = [
        "alias(\"queue.messages.oldest_age_milliseconds\"{${local.of_folder}, service=\"message-queue\", queue=\"${yandex_message_queue.dead_letters.name}\"}, \"age\")",
      ]
    },
    {
      id = "results", title = "Results waiting for their consumers", stack = false
      queries = [
        "alias(\"queue.messages.stored_count\"{${local.of_folder}, service=\"message-queue\", queue=\"${yandex_message_queue.results.name}\"}, \"stored\")",
      ]
    },
  ]

  # A row of three charts is 8 high under a title of 2, on a grid of 36 columns.
  sections = concat(
    [{ title = "All functions", key = "all", panels = local.shared_panels }],
    [for name in keys(local.functions) : { title = local.functions[name].description, key = name, panels = local.function_panels[name] }],
  )
  section_tops = [for index in range(length(local.sections)) : sum(concat([0], [for above in slice(local.sections, 0, index) : 2 + 8 * ceil(length(above.panels) / 3)]))]
}

resource "yandex_monitoring_dashboard" "this" {
  name      = local.prefix
  folder_id = var.platform.folder_id
  title     = "AI Studio functions: ${var.platform.environment}"
  labels    = local.labels

  dynamic "widgets" {
    for_each = flatten([
      for index, section in local.sections : concat(
        [{ title = [section.title], chart = [], x = 0, y = local.section_tops[index], w = 36, h = 2 }],
        [
          for at, panel in section.panels : {
            title = []
            chart = [merge(panel, { id = "${section.key}-${panel.id}" })]
            x     = at % 3 * 12
            y     = local.section_tops[index] + 2 + 8 * floor(at / 3)
            w     = 12
            h     = 8
          }
        ],
      )
    ])

    content {
      position {
        x = widgets.value.x
        y = widgets.value.y
        w = widgets.value.w
        h = widgets.value.h
      }

      dynamic "title" {
        for_each = widgets.value.title

        content {
          text = title.value
          size = "TITLE_SIZE_M"
        }
      }

      dynamic "chart" {
        for_each = widgets.value.chart

        content {
          chart_id       = chart.value.id
          title          = chart.value.title
          display_legend = true

          queries {
            dynamic "target" {
              for_each = chart.value.queries

              content {
                query = target.value
              }
            }

            # Said outright: what the service fills in by itself would be a difference in every plan.
            downsampling {
              gap_filling      = "GAP_FILLING_UNSPECIFIED"
              grid_aggregation = "GRID_AGGREGATION_MAX"
              max_points       = 300
            }
          }

          visualization_settings {
            type        = chart.value.stack ? "VISUALIZATION_TYPE_STACK" : "VISUALIZATION_TYPE_LINE"
            interpolate = "INTERPOLATE_LINEAR"

            yaxis_settings {
              left {
                min = "0"
              }
            }
          }
        }
      }
    }
  }
}
