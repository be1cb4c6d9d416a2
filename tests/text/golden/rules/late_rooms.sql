{{ config(materialized='table') }}

with rooms as (
    select * from {{ ref('stg_rooms') }}
)

select id
from rooms
where {{ is_late('due') }}

{% macro is_late(column) %}
    {{ column }} < current_date
{% endmacro %}
