# What an operator looks at first: one dashboard for all, and one for each function, by its name in the table. One more
# function is one more dashboard, and changes no other. Alerts can't be made as code (no resource, no API): README.md
# lists them.
locals {
  # An empty answer, not an error, is what a wrong label gives: the names are those of the services' metric references.
  of_folder = "project=\"folder__${var.platform.folder_id}\""

  charts = {
    for name in keys(local.functions) : name => {
      # The reference calls resource_id the function's id; the service has been seen to give its name.
      of_function = "${local.of_folder}, service=\"serverless-functions\", resource_id=\"${local.function_ids[name]}|${local.resource_names[name]}\""
      of_queue    = "${local.of_folder}, service=\"message-queue\", queue=\"${local.resource_names[name]}\""
      # Metrics made from log lines (README.md, "Watch").
      of_lines = "${local.of_folder}, service=\"logging_aggregates\", function=\"${name}\""
    }
  }

  function_panels = {
    for name, of in local.charts : name => concat(
      contains(local.queued, name) ? [
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
        {
          id      = "outcomes", title = "Outcomes by class, a minute", stack = true
          queries = ["series_sum(\"outcome\", \"aistudio_outcomes\"{${of.of_lines}})"]
        },
        {
          # Its own, of the dead letters that all share.
          id      = "dead-lettered", title = "Dead-lettered messages, a minute", stack = false
          queries = ["alias(series_sum(\"aistudio_outcomes\"{${of.of_lines}, end=\"dead_lettered\"}), \"dead-lettered\")"]
        },
        ] : [
        {
          id      = "left", title = "Runs that left something to the next one", stack = false
          queries = ["alias(\"aistudio_left\"{${of.of_lines}}, \"left\")"]
        },
      ],
      [
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
      id      = "depth", title = "Queues: messages waiting", stack = false
      queries = ["\"queue.messages.stored_count\"{${local.of_all}}"]
    },
    {
      id      = "age", title = "Queues: age of the oldest message, s", stack = false
      queries = ["\"queue.messages.oldest_age_milliseconds\"{${local.of_all}}"]
    },
    {
      id      = "outcomes", title = "Ends of messages, a minute", stack = true
      queries = ["series_sum(\"end\", \"aistudio_outcomes\"{${local.of_folder}, service=\"logging_aggregates\"})"]
    },
    {
      id      = "tokens", title = "Tokens by function and model, a minute", stack = true
      queries = ["\"aistudio_tokens\"{${local.of_folder}, service=\"logging_aggregates\"}"]
    },
    {
      id      = "due", title = "Longest due, s", stack = false
      queries = ["\"aistudio_oldest\"{${local.of_folder}, service=\"logging_aggregates\"}"]
    },
    {
      id = "dead-letters", title = "Dead letters", stack = false
      queries = [
        for name in ["stored_count", "sent_count_per_second"] :
        "alias(\"queue.messages.${name}\"{${local.of_folder}, service=\"message-queue\", queue=\"${yandex_message_queue.dead_letters.name}\"}, \"${name}\")"
      ]
    },
    {
      id = "dead-letters-age", title = "Dead letters: age of the oldest, s (lost after 14 days)", stack = false
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

  of_all = "${local.of_folder}, service=\"message-queue\", queue=\"${local.prefix}-*\""
  dashboards = merge(
    { (local.prefix) = { title = "AI Studio functions: ${var.platform.environment}", panels = local.shared_panels } },
    {
      for name, function in local.functions : local.resource_names[name] => {
        title  = "${function.description}: ${var.platform.environment}"
        panels = local.function_panels[name]
      }
    },
  )
}

resource "yandex_monitoring_dashboard" "this" {
  for_each = local.dashboards

  name      = each.key
  folder_id = var.platform.folder_id
  title     = each.value.title
  labels    = local.labels

  # Three charts in a row, 8 high, on a grid of 36 columns.
  dynamic "widgets" {
    for_each = [
      for at, panel in each.value.panels : { chart = panel, x = at % 3 * 12, y = 8 * floor(at / 3), w = 12, h = 8 }
    ]

    content {
      position {
        x = widgets.value.x
        y = widgets.value.y
        w = widgets.value.w
        h = widgets.value.h
      }

      chart {
        chart_id       = widgets.value.chart.id
        title          = widgets.value.chart.title
        display_legend = true

        queries {
          dynamic "target" {
            for_each = widgets.value.chart.queries

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
          type        = widgets.value.chart.stack ? "VISUALIZATION_TYPE_STACK" : "VISUALIZATION_TYPE_LINE"
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
