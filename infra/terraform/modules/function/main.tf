locals {
  # The platform allows 4 KB of environment, names and the values of secrets included. Addresses and secrets are not
  # known in a plan, so each counts for the longest that it may be: a queue's address has at most 164 characters,
  # a secret here at most 64.
  environment_limit = 4096
  environment_bytes = sum(concat(
    [length("RELEASE") + length(var.package.sha256)],
    [for key, value in var.settings : length(key) + ceil(length(base64encode(value)) * 3 / 4)],
    [for key in keys(local.wiring) : length(key) + 200],
    [for key in keys(var.secrets) : length(key) + 128],
  ))

  wiring = merge(var.wiring, var.queue == null ? {} : {
    QUEUE_URL             = var.queue.url
    DEAD_LETTER_QUEUE_URL = var.dead_letter_queue_url
  })
}

resource "yandex_function" "this" {
  name               = var.name
  folder_id          = var.folder_id
  labels             = var.labels
  runtime            = "python312"
  entrypoint         = var.code.entrypoint
  memory             = var.code.memory
  execution_timeout  = tostring(var.code.timeout)
  service_account_id = var.service_account_id
  user_hash          = var.package.sha256

  # A version that fails to build is only a warning: the state keeps the new user_hash, and the next plan is empty.
  # The environment is read back from the version that runs, so RELEASE makes such a failure a difference.
  environment = merge(var.settings, local.wiring, { RELEASE = var.package.sha256 })

  package {
    bucket_name = var.package.bucket
    object_name = "${var.package.folder}/${var.package.sha256}.zip"
    sha_256     = var.package.sha256
  }

  dynamic "secrets" {
    for_each = var.secrets

    content {
      environment_variable = secrets.key
      id                   = secrets.value.secret_id
      version_id           = secrets.value.version_id
      key                  = secrets.value.key
    }
  }

  log_options {
    log_group_id = var.log_group_id
  }

  # 1 is on, 2 is off. The AWS form answers without the header that keeps forged requests out.
  metadata_options {
    gce_http_endpoint    = 1
    aws_v1_http_endpoint = 2
  }

  lifecycle {
    precondition {
      condition     = local.environment_bytes <= local.environment_limit
      error_message = "The environment of ${var.name} may take ${local.environment_bytes} bytes; the platform allows ${local.environment_limit}."
    }

    precondition {
      condition     = var.code.call_needs < var.code.timeout - var.settle_margin
      error_message = "A call of ${var.name} needs ${var.code.call_needs} s, but of its ${var.code.timeout} s ${var.settle_margin} s are kept for settling: no call would ever begin."
    }
  }
}

# Over this limit calls wait in the platform. There is no zone_requests_limit: over that limit calls are refused with
# 429, and each refusal eats one of a message's receives.
resource "yandex_function_scaling_policy" "this" {
  function_id = yandex_function.this.id

  policy {
    tag                  = "$latest"
    zone_instances_limit = var.code.instances
  }
}

# A role works some 20 s after it was given. Only a new grant waits: a changed sleep_after would replace an old one.
resource "yandex_function_iam_member" "invoker" {
  function_id = yandex_function.this.id
  role        = "functions.functionInvoker"
  member      = "serviceAccount:${var.trigger_account_id}"
  sleep_after = 30

  lifecycle {
    ignore_changes = [sleep_after]
  }
}
